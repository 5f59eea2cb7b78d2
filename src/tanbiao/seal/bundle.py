"""Bundles: study, locked packs, library data as licences allow, ledger, results and statement in one file.

study/…                  study.yaml and tables as they are on disk (absent from a confidential bundle)
study.lock               packs, libraries and engine versions
packs/ID/EDITION+REV/…   every pack that was applied, whole
library/ID@VERSION/…     libraries that may be passed on; library/solved.json: vectors of the providers used;
                         library/impacts.json: what they bring in impact categories
ledger.json  results.json  evidence.json
manifest.json            sha256 and kind of every file above
statement.jwt  key.jwk   the signed statement, which holds the digest of manifest.json, and the key it names
statement-2.jwt  key-2.jwk …   countersignatures
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.digest import bytes_digest, digest, keyed_digest
from ..core.errors import Place, TanbiaoError, refuse
from ..evaluate import Ledger, ledger_from
from ..standards import Pack
from ..study import Study
from .archive import CAP, read_archive, write_archive
from .figures import BOUNDARY_KEYS, PRODUCT_KEYS, Evaluated, conformity, measured, results_data, words
from .intensities import INTENSITIES, intensities_data
from .keys import KeyPair, PublicKey, read_public
from .limits import check_file
from .lock import LibraryData, Lock, engine, pretty, read_lock
from .share import LibraryFolder, shared, solved_data, used_providers
from .statement import Statement, VerifiedBy, sign, statement_digest

FORM = 1
SALT_LENGTH = 22
"""A salt shorter than this many characters (128 bits in base64) could be guessed from the digest of a
published datum, and withheld data from their digests after it."""

MANIFEST, LOCK, LEDGER, RESULTS, EVIDENCE = (
    "manifest.json",
    "study.lock",
    "ledger.json",
    "results.json",
    "evidence.json",
)
SOLVED = "library/solved.json"
SUFFIX = ".tanbiao"


# -- making --------------------------------------------------------------------------------------------------


def statement_of(
    run: Evaluated,
    *,
    issued: dt.datetime,
    valid_until: dt.datetime,
    verified_by: VerifiedBy | None = None,
    issuer: str = "",
    manifest: str = "",
) -> Statement:
    """The statement of a run. Raises `TanbiaoError` (`statement-refused`) when a refuse-clause forbids a
    result."""
    refused = [f.clause for r in run.results for f in r.refused]
    if refused:
        raise refuse("statement-refused", Place(run.study.id), clauses=", ".join(refused))
    data = run.data()
    return Statement(
        **said(run.study),
        figures=tuple(m.figure for m in measured(run)),
        conformity=conformity(run),
        ledger_root=run.ledger.root,
        packs=dict(data["packs"]),
        libraries=dict(data["libraries"]),
        engine=engine(),
        issued=issued,
        valid_until=valid_until,
        verified_by=verified_by or VerifiedBy(),
        issuer=issuer,
        manifest=manifest,
    )


def said(study: Study) -> dict[str, Any]:
    """What a statement says of the study itself."""
    head = study.head
    return {
        "study": study.id,
        "product": words(head.get("plant"), PRODUCT_KEYS) | words(head.get("product"), PRODUCT_KEYS),
        "unit": words(head.get("unit")),
        "boundary": words(head.get("scope"), BOUNDARY_KEYS),
        "period": words(head.get("period")),
        "constructed": study.constructed,
    }


def lock_of(run: Evaluated, libraries: Sequence[LibraryFolder], *, confidential: bool = False) -> Lock:
    """The lock of a run over these library folders."""
    data = run.data()
    split = shared(libraries)
    owner = {i: lib.name for lib in libraries for i in lib.library.items}
    used = frozenset(owner[i] for ids in used_providers(run.results).values() for i in ids if i in owner)
    kind: LibraryData = "none" if confidential else split.data_for(used)
    return Lock(
        tuple(r.rulebook.pack.version for r in run.results),
        dict(data["packs"]),
        dict(data["libraries"]),
        {lib.name: lib.share for lib in libraries},
        kind,
        engine(),
        (run.impacts.name, run.impacts.digest) if run.impacts is not None else None,
    )


def bundle(
    run: Evaluated,
    libraries: Sequence[LibraryFolder],
    key: KeyPair,
    *,
    issued: dt.datetime,
    valid_until: dt.datetime,
    verified_by: VerifiedBy | None = None,
    issuer: str = "",
    confidential: bool = False,
) -> bytes:
    """The bundle of a run, signed by `key`. The same arguments give the same bytes.

    libraries: the folders the run's libraries were read from, in their order. confidential: withhold the
    study's tables, its salt and every value but the published figures. Raises `TanbiaoError`
    (`bundle-salt-weak`, `bundle-library`, and what a statement refuses).
    """
    if confidential and len(run.study.salt) < SALT_LENGTH:
        raise refuse("bundle-salt-weak", run.study.place_of("salt"), length=SALT_LENGTH)
    lock = lock_of(run, libraries, confidential=confidential)
    if {lib.name: lib.library.digest for lib in libraries} != dict(lock.libraries):
        raise refuse("bundle-library", Place(run.study.id), libraries=", ".join(lock.libraries))
    shown = "confidential" if confidential else "published" if lock.library_data == "licensed" else "all"
    files: dict[str, tuple[str, bytes]] = {
        LOCK: ("lock", pretty(lock.data())),
        LEDGER: ("ledger", pretty(ledger_data(run.ledger, shown))),
        RESULTS: ("results", pretty(results_data(run, shown))),
        EVIDENCE: ("evidence", pretty(evidence_data(run.study, confidential=confidential))),
    }
    if not confidential:
        files |= {f"study/{n}": ("study", c) for n, c in study_files(run.study)}
        packs = {p.version: p for r in run.results for p in r.rulebook.packs}
        for pack in packs.values():
            files |= {
                f"packs/{pack.id}/{pack.edition}+{pack.revision}/{n}": ("pack", c)
                for n, c in pack_files(pack)
            }
        for library in libraries:
            if library.share == "full":
                files |= {f"library/{library.name}/{n}": ("library", c) for n, c in library.files()}
        if run.impacts is not None and lock.library_data != "licensed":
            files[INTENSITIES] = ("impacts", pretty(intensities_data(run.results, run.impacts)))
        if lock.library_data == "solved":
            solved = solved_data(run.results, libraries, shared(libraries).solved)
            files[SOLVED] = ("solved", pretty(solved))
    manifest = pretty(
        {
            "bundle": FORM,
            "confidential": confidential,
            "shown": shown,
            "files": {n: {"sha256": bytes_digest(c), "kind": k} for n, (k, c) in files.items()},
        }
    )
    statement = statement_of(
        run,
        issued=issued,
        valid_until=valid_until,
        verified_by=verified_by,
        issuer=issuer,
        manifest=bytes_digest(manifest),
    )
    return write_archive(
        {n: c for n, (_, c) in files.items()}
        | {MANIFEST: manifest, "statement.jwt": sign(statement, key).encode(), "key.jwk": key.public.file()}
    )


def countersign(data: bytes, statement: Statement, key: KeyPair) -> bytes:
    """The bundle with one more statement, which must say what the bundle's first one says."""
    files = read_archive(data)
    names = signature_names(files)
    if not names:
        raise refuse("bundle-file-missing", file="statement.jwt")
    last = files[names[-1][0]].decode()
    number = len(names) + 1
    signed = sign(replace(statement, previous=statement_digest(last)), key)
    return write_archive(
        files | {f"statement-{number}.jwt": signed.encode(), f"key-{number}.jwk": key.public.file()}
    )


def ledger_data(ledger: Ledger, shown: str) -> dict[str, Any]:
    """ledger.json: the recipes with their digests, and the values that may be shown.

    `published` leaves out every value that the background went into; `confidential` leaves out every value.
    """
    data = ledger.data()
    hidden = (
        set(ledger.entries)
        if shown == "confidential"
        else _above_background(ledger)
        if shown != "all"
        else set()
    )
    for key in hidden:
        data["entries"][key]["value"] = None
    return data


def _above_background(ledger: Ledger) -> set[str]:
    """Entries into which values of the background went."""
    readers: dict[str, list[str]] = {}
    for key, entry in ledger.entries.items():
        for _, other in entry.inputs:
            readers.setdefault(other, []).append(key)
    waiting = [k for k, e in ledger.entries.items() if e.kind == "lookup"]
    found: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += readers.get(key, [])
    return found


def study_files(study: Study) -> Iterator[tuple[str, bytes]]:
    """The study's own files as they are on disk: study.yaml and tables, or the workbook."""
    if study.path.is_file():
        yield study.path.name, study.path.read_bytes()
        return
    for file in (study.path / "study.yaml", *sorted(study.path.glob("*.csv"))):
        yield file.name, file.read_bytes()


def pack_files(pack: Pack) -> Iterator[tuple[str, bytes]]:
    """Every file of a pack's folder but its earlier revisions."""
    for file in sorted(pack.folder.rglob("*")):
        parts = file.relative_to(pack.folder).parts
        if (
            file.is_file()
            and not file.is_symlink()
            and parts[0] != "released"
            and not any(p.startswith((".", "__")) for p in parts)
        ):
            yield "/".join(parts), file.read_bytes()


def evidence_data(study: Study, *, confidential: bool) -> dict[str, Any]:
    """Digests of the evidence: of each row of the table, and of each document below the study's `evidence/`
    folder. Documents themselves do not travel. A confidential bundle has neither ids nor names, and digests
    under the salt."""
    rows = {
        row["id"]: digest({k: v for k, v in row.items() if v})
        for row in (study.tables["evidence"].rows() if "evidence" in study.tables else ())
    }
    folder = study.path / "evidence"
    documents = (
        {
            f.relative_to(folder).as_posix(): bytes_digest(f.read_bytes())
            for f in sorted(folder.rglob("*"))
            if f.is_file()
        }
        if folder.is_dir()
        else {}
    )
    if confidential:
        return {
            "keyed": sorted(
                keyed_digest(study.salt, "evidence", kind, *pair)
                for kind, found in (("row", rows), ("document", documents))
                for pair in found.items()
            )
        }
    return {"rows": rows, "documents": documents}


# -- opening -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Extracted:
    """A bundle's content on disk."""

    root: Path
    study: Path

    @property
    def packs(self) -> Path:
        return self.root / "packs"

    @property
    def libraries(self) -> Path:
        return self.root / "library"


@dataclass(frozen=True, eq=False)
class BundleContent:
    """What a bundle holds, its form and its digests checked; signatures are checked by `verify`."""

    files: Mapping[str, bytes]
    confidential: bool
    shown: str
    lock: Lock
    ledger: Ledger
    results: Mapping[str, Any]
    signatures: tuple[tuple[str, PublicKey], ...]
    """Signed statements with the key each names, in the order they were signed."""
    manifest: str
    """sha256 of manifest.json."""

    def extract(self, folder: Path) -> Extracted:
        """Write study, lock, packs and libraries below `folder`, which must be empty. Raises `TanbiaoError`
        (`bundle-confidential`) when the study is withheld."""
        if self.confidential:
            raise refuse("bundle-confidential")
        for name, content in self.files.items():
            if name.split("/")[0] in ("study", "packs", "library", LOCK):
                file = folder.joinpath(*name.split("/"))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        study = folder / "study"
        books = [] if (study / "study.yaml").is_file() else sorted(study.glob("*.xlsx"))
        (folder / "packs").mkdir(exist_ok=True)
        return Extracted(folder, books[0] if books else study)

    @contextmanager
    def extracted(self) -> Iterator[Extracted]:
        """As `extract`, into a temporary folder that goes away afterwards."""
        with tempfile.TemporaryDirectory(prefix="tanbiao-") as folder:
            yield self.extract(Path(folder))


def open_bundle(data: bytes, cap: int = CAP) -> BundleContent:
    """Open a bundle: the archive, the manifest's digests, the form of lock, ledger and results.

    Raises `TanbiaoError` with what is wrong (`archive-…`, `bundle-…`, `key-unreadable`).
    """
    files = read_archive(data, cap)
    for name in (MANIFEST, LOCK, LEDGER, RESULTS, EVIDENCE, "statement.jwt", "key.jwk"):
        if name not in files:
            raise refuse("bundle-file-missing", file=name)
    with _form(MANIFEST):
        manifest = json.loads(files[MANIFEST])
        if manifest["bundle"] != FORM or pretty(manifest) != files[MANIFEST]:
            raise ValueError
        listed = {str(n): str(entry["sha256"]) for n, entry in manifest["files"].items()}
        confidential, shown = manifest["confidential"] is True, str(manifest["shown"])
    check_digests(files, listed)
    for name, content in files.items():
        check_file(name, content)
    with _form(LOCK):
        lock = read_lock(files[LOCK])
    with _form(LEDGER):
        ledger = read_ledger(files[LEDGER])
    with _form(RESULTS):
        results = json.loads(files[RESULTS])
        if not isinstance(results, dict):
            raise TypeError
    signatures = []
    for statement, key in signature_names(files):
        with _form(statement):
            signatures.append((files[statement].decode("ascii"), read_public(files[key])))
    return BundleContent(
        files, confidential, shown, lock, ledger, results, tuple(signatures), bytes_digest(files[MANIFEST])
    )


def read_ledger(data: bytes) -> Ledger:
    """The ledger in a file: every entry fits its digest, every input and root is there, and the root follows.

    Raises `ValueError`, `KeyError` or `TypeError`.
    """
    raw = json.loads(data)
    ledger = ledger_from(raw)
    known = ledger.entries.keys()
    if (
        raw["root"] != ledger.root
        or not known >= set(ledger.roots)
        or any(other not in known for e in ledger.entries.values() for _, other in e.inputs)
    ):
        raise ValueError("root")
    return ledger


def check_digests(files: Mapping[str, bytes], listed: Mapping[str, str]) -> None:
    """Refuse (`bundle-digest`, `bundle-file-extra`, `bundle-file-missing`) files that the manifest does not
    vouch for."""
    own = {MANIFEST, *(n for pair in signature_names(files) for n in pair)}
    problems = [refuse("bundle-file-missing", file=n) for n in listed if n not in files]
    problems += [
        refuse("bundle-file-extra", Place(n), file=n) for n in files if n not in listed and n not in own
    ]
    problems += [
        refuse("bundle-digest", Place(n), file=n)
        for n, d in listed.items()
        if n in files and (n in own or bytes_digest(files[n]) != d)
    ]
    if problems:
        raise TanbiaoError([p for e in problems for p in e.problems])


def signature_names(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """The names of statement and key of every signature, in order."""
    found = []
    for number in range(1, len(files) + 1):
        suffix = "" if number == 1 else f"-{number}"
        pair = (f"statement{suffix}.jwt", f"key{suffix}.jwk")
        if not all(n in files for n in pair):
            break
        found.append(pair)
    return found


@contextmanager
def _form(name: str) -> Iterator[None]:
    """Whatever is wrong with the form of one file becomes one problem."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise refuse(
            "bundle-form", Place(name), file=name, detail=str(error)[:120] or type(error).__name__
        ) from None


__all__ = [
    "SUFFIX",
    "BundleContent",
    "Extracted",
    "bundle",
    "countersign",
    "lock_of",
    "open_bundle",
    "statement_of",
]
