"""Bundle, issue, countersign and verify: the use cases around `tanbiao.seal`. The clock is read by the
caller."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ..core.errors import Place, TanbiaoError, raise_errors, refuse
from ..evaluate import Background
from ..evaluate.background import from_library
from ..library import Library, Part, overlay, read_library
from ..library.intensity import Impacts
from ..seal import (
    INTENSITIES,
    BundleContent,
    KeyPair,
    LibraryFolder,
    LibraryUnavailable,
    Lock,
    Rerun,
    Statement,
    Verification,
    VerifiedBy,
    create_key,
    key_folder,
    load_key,
    open_bundle,
    read_intensities,
    read_lock,
    read_solved,
    shared,
    sign,
    statement_of,
)
from ..seal import bundle as seal_bundle
from ..seal import countersign as seal_countersign
from ..seal import verify as seal_verify
from ..seal.bundle import LOCK, SOLVED
from .places import Places
from .run import Held, LoadedStudy, Run, load, run_study

VALID_DAYS = 365
"""How long a statement holds where neither the issuer nor the study (`label.valid_until`) says."""


def signing_key(folder: Path | None = None, name: str = "default") -> KeyPair:
    """The user's key, made on first use in the platform's config folder (or `$TANBIAO_HOME`)."""
    folder = folder or key_folder()
    return load_key(folder, name) if (folder / f"{name}.pem").exists() else create_key(folder, name)


def make_bundle(
    study: str | Path,
    *,
    key: KeyPair,
    issued: dt.datetime,
    valid_until: dt.datetime | None = None,
    places: Places | None = None,
    packs: Sequence[str] = (),
    verified_by: VerifiedBy | None = None,
    issuer: str = "",
    confidential: bool = False,
) -> bytes:
    """Run the study and seal it. Raises `TanbiaoError` for whatever keeps it from being run or signed."""
    return bundle_of(
        load(study, places).run(packs),
        places or Places(),
        key=key,
        issued=issued,
        valid_until=valid_until,
        verified_by=verified_by,
        issuer=issuer,
        confidential=confidential,
    )


def bundle_of(
    run: Run,
    places: Places,
    *,
    key: KeyPair,
    issued: dt.datetime,
    valid_until: dt.datetime | None = None,
    verified_by: VerifiedBy | None = None,
    issuer: str = "",
    confidential: bool = False,
) -> bytes:
    """As `make_bundle`, for a run that is at hand."""
    return seal_bundle(
        run,
        library_folders(run, places),
        key,
        issued=issued,
        valid_until=_until(run, issued, valid_until),
        verified_by=verified_by,
        issuer=issuer,
        confidential=confidential,
    )


def issue(
    run: Run,
    *,
    key: KeyPair,
    issued: dt.datetime,
    valid_until: dt.datetime | None = None,
    verified_by: VerifiedBy | None = None,
    issuer: str = "",
) -> tuple[Statement, str]:
    """A statement that travels without its bundle (for a label or a web page), and its signed form."""
    statement = statement_of(
        run,
        issued=issued,
        valid_until=_until(run, issued, valid_until),
        verified_by=verified_by,
        issuer=issuer,
    )
    return statement, sign(statement, key)


def countersign(
    data: bytes,
    *,
    key: KeyPair,
    issued: dt.datetime,
    verified_by: VerifiedBy,
    valid_until: dt.datetime | None = None,
    issuer: str = "",
) -> bytes:
    """The bundle with one more signature: what a verification body does. The bundle must verify first, by
    digests.

    Raises `TanbiaoError` with what is wrong with the bundle or the statement.
    """
    found = seal_verify(data, recompute=False)
    if found.statement is None:
        raise TanbiaoError(found.problems)
    until = valid_until or found.statement.valid_until
    return seal_countersign(
        data,
        replace(found.statement, issued=issued, valid_until=until, verified_by=verified_by, issuer=issuer),
        key,
    )


def verify_bundle(
    bundle: str | Path | bytes,
    *,
    recompute: bool = True,
    places: Places | None = None,
    key: str | None = None,
    now: dt.datetime | None = None,
) -> Verification:
    """Verify a bundle file. `places` is where a library is looked for that may not travel; packs and
    everything else come from the bundle alone."""
    return seal_verify(_bytes(bundle), recompute, lambda folder: _again(folder, places or Places()), key, now)


@contextmanager
def opened(bundle: str | Path | bytes, places: Places | None = None) -> Iterator[LoadedStudy]:
    """A study folder or workbook as it is, or the study inside a bundle with the bundle's own packs and libraries.

    Raises `TanbiaoError` when the study is withheld, and `LibraryUnavailable`.
    """
    if isinstance(bundle, str | Path) and (
        Path(bundle).is_dir() or Path(bundle).suffix in (".xlsx", ".yaml")
    ):
        yield load(bundle, places)
        return
    content: BundleContent = open_bundle(_bytes(bundle))
    with content.extracted() as folder:
        found = _parts(content.lock, folder.root, places or Places())
        impacts = _impacts(content.lock, folder.root)
        yield load(
            folder.study, BundlePlaces(folder=folder.root, parts=tuple(found.values()), impacts=impacts)
        )


def _until(run: Run, issued: dt.datetime, given: dt.datetime | None) -> dt.datetime:
    """The end of validity: as given, else the end of the day the study names, else after `VALID_DAYS`."""
    if given is not None:
        return given
    stated = run.study.at("label.valid_until")
    if not stated:
        return issued + dt.timedelta(days=VALID_DAYS)
    try:
        day = dt.date.fromisoformat(str(stated))
    except ValueError:
        raise refuse("date-expected", run.study.place_of("label.valid_until"), text=stated) from None
    return dt.datetime.combine(day, dt.time(23, 59, 59), dt.UTC)


def library_folders(run: Run, places: Places) -> list[LibraryFolder]:
    """The folders that the run's libraries were read from, in their order."""
    return list(
        _folders(
            {f"{p.id}@{p.version}": p.digest for p in run.parts},
            places,
            run.study.path,
            run.study.libraries,
        ).values()
    )


# -- again ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BundlePlaces(Places):
    """Packs of an extracted bundle and nothing else; libraries already found."""

    folder: Path = Path()
    parts: tuple[LibraryFolder, ...] = ()

    @cached_property
    def pack_roots(self) -> list[Path]:
        return [self.folder / "packs"]

    @property
    def reads_own_files(self) -> bool:
        return False

    @property
    def cache(self) -> None:
        """A bundle is recomputed, never read from what was kept."""
        return None

    def library(self, names: Sequence[str], study: Path | None = None) -> Library:
        return _together(self.parts)


def _again(folder: Path, places: Places) -> Rerun:
    """Evaluate the extracted bundle at `folder`: with its own library folders, else with the solved vectors
    it carries, else with a library of the reader's own."""
    lock = read_lock((folder / LOCK).read_bytes())
    study = folder / "study"
    books = [] if (study / "study.yaml").is_file() else sorted(study.glob("*.xlsx"))
    impacts = _impacts(lock, folder)
    loaded = load(books[0] if books else study, BundlePlaces(folder=folder, impacts=impacts))
    if lock.library_data == "solved":
        run = _run_solved(loaded, lock, folder)
    else:
        parts = _parts(lock, folder, places)
        run = run_study(
            replace(loaded, places=replace(loaded.places, parts=tuple(parts.values()))),  # type: ignore[call-arg]
            lock.evaluated,
        )
    return Rerun(run, lock.library_data == "licensed")


def _impacts(lock: Lock, folder: Path) -> Impacts | None:
    """What a bundle carries of the study's impact method; refuses (`LibraryUnavailable`) where it may carry nothing."""
    if lock.impact_method is None:
        return None
    if not (folder / INTENSITIES).is_file():
        raise LibraryUnavailable((f"impact method {lock.impact_method[0]}", *lock.libraries))
    return read_intensities((folder / INTENSITIES).read_bytes())


def _parts(lock: Lock, folder: Path, places: Places) -> dict[str, LibraryFolder]:
    """Every library of the lock, from the bundle or from the reader's own places."""
    inside = {
        name: _read(folder / "library" / name)
        for name in lock.libraries
        if (folder / "library" / name / "library.yaml").is_file()
    }
    missing = {n: d for n, d in lock.libraries.items() if n not in inside}
    try:
        own = _folders(missing, places, None, ())
    except TanbiaoError:
        raise LibraryUnavailable(tuple(missing)) from None
    return {n: inside.get(n) or own[n] for n in lock.libraries}


def _run_solved(loaded: LoadedStudy, lock: Lock, folder: Path) -> Run:
    """Run with the vectors a bundle carries, laid over the library folders it carries."""
    inside = shared(
        [
            _read(folder / "library" / n)
            for n in lock.libraries
            if (folder / "library" / n / "library.yaml").is_file()
        ]
    )
    whole = [lib for lib in inside.libraries if lib.name in inside.closed]
    together = _together(whole) if whole else None

    def base(gwp: str) -> Background | None:
        return from_library(together, gwp) if together is not None else None

    parts = tuple(Part(*_split(n), d, lock.shares[n]) for n, d in lock.libraries.items())
    solved = read_solved((folder / SOLVED).read_bytes(), lock.libraries, base)
    return run_study(loaded, lock.evaluated, Held(solved, parts, loaded.places.impacts))


# -- libraries -----------------------------------------------------------------------------------------------


def _folders(
    wanted: Mapping[str, str], places: Places, study: Path | None, names: Sequence[str]
) -> dict[str, LibraryFolder]:
    """The folder of each wanted library (`id@version` → digest). Raises `TanbiaoError`
    (`library-not-found`)."""
    found: dict[str, LibraryFolder] = {}
    for name, digest in wanted.items():
        id_, _ = _split(name)
        local = [study / n for n in names if study is not None and n.startswith(".")]
        for folder in (*local, *(root / id_ for root in places.library_roots), *(Path(n) for n in names)):
            if (folder / "library.yaml").is_file():
                library = _read(folder)
                if library.name == name and library.library.digest == digest:
                    found[name] = library
                    break
        else:
            raise refuse("library-not-found", Place("study.yaml", path="libraries"), name=name)
    return found


def _read(folder: Path) -> LibraryFolder:
    library, problems = read_library(folder)
    raise_errors(problems)
    return LibraryFolder(folder, library)


def _together(parts: Sequence[LibraryFolder]) -> Library:
    """The libraries laid over one another, in order."""
    first, *others = parts
    whole = first.library
    for other in others:
        whole, problems = overlay(whole, other.library)
        raise_errors(problems)
    return whole


def _split(name: str) -> tuple[str, str]:
    id_, _, version = name.partition("@")
    return id_, version


def _bytes(bundle: str | Path | bytes) -> bytes:
    if isinstance(bundle, bytes):
        return bundle
    try:
        return Path(bundle).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        raise refuse("file-missing", Place(str(bundle)), file=bundle) from None


__all__ = [
    "BundlePlaces",
    "bundle_of",
    "countersign",
    "issue",
    "library_folders",
    "make_bundle",
    "opened",
    "signing_key",
    "verify_bundle",
]
