"""Use cases of exchange: import into the library store, export, search the store, compare two versions, forms."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import Lang, Place, Problem, TanbiaoError, refuse
from ..exchange import (
    FORMATS,
    Head,
    Loss,
    Rules,
    Stored,
    find,
    link,
    list_stored,
    read,
    read_mapping,
    store,
    write,
)
from ..exchange import write_library as write_library_folder
from ..exchange.bom import Match, match, matches_csv, read_bom, read_matches, study_files
from ..exchange.candidates import Named
from ..exchange.compare import Changed, compare_libraries
from ..exchange.contributions import Gap
from ..exchange.files import fresh_folder
from ..exchange.library import folder_digest
from ..exchange.model import Inventory
from ..exchange.ours import library_inventory, study_inventory
from ..exchange.store import library_id
from ..library import Library, read_library
from ..library.elementary import read_elementary
from ..standards import Rulebook, resolve
from ..study import SCHEMA, read_study
from ..study.schema import FILES
from .places import Places
from .run import Run, load, run_study

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ImportOptions:
    """What the user declares for an import. `into`: libraries whose items may be providers (`open-2026`)."""

    format: str | None = None
    id: str = ""
    allocation: str = ""
    places: tuple[str, ...] = ()
    mapping: Path | None = None
    into: tuple[str, ...] = ()
    by_name: bool = True
    licence: str = ""
    share: str = ""
    strict: bool = False
    root: Path | None = None
    """The store; $TANBIAO_HOME/library when None."""
    out: Path | None = None
    """A folder to write instead of the store, for a library that lies inside a study."""


@dataclass(frozen=True)
class Imported:
    """What an import made. `new` is False where the same content was stored before."""

    stored: Stored
    new: bool
    experimental: bool
    summary: Mapping[str, Any]
    losses: tuple[Loss, ...]
    problems: tuple[Problem, ...]

    def data(self) -> dict[str, Any]:
        return {
            **self.stored.data(),
            "new": self.new,
            "experimental": self.experimental,
            "summary": dict(self.summary),
            "losses": [{"field": x.field, "count": x.count, "example": x.example} for x in self.losses],
            "problems": [p.data() for p in self.problems],
        }


def import_library(
    path: Path,
    options: ImportOptions | None = None,
    places: Places | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Read, link and store. Nothing is written unless the whole of it is.

    Refuses what opening refuses, `exchange-empty`, `exchange-unlinked-strict`. Problems that leave single data sets
    out are returned, not raised.
    """
    options = options or ImportOptions()
    base = (places or Places()).library(options.into) if options.into else None
    named = _named(base) if base is not None else ()
    mapping = read_mapping(options.mapping) if options.mapping is not None else {}
    inventory = read(path, options.format, keep=False)
    rules = Rules(options.allocation, options.places, options.by_name, mapping)
    id_ = options.id or library_id(path.stem)
    box: dict[str, Any] = {}

    def fill(folder: Path) -> tuple[str, str, int, int, int]:
        draft = link(inventory, rules, named, progress)
        if not draft.made and not inventory.results:
            raise TanbiaoError([*draft.problems[:200], Problem("exchange-empty", Place(path.name))])
        if options.strict and (draft.unlinked or draft.left_out):
            place = Place(path.name)
            raise TanbiaoError(
                [
                    *draft.problems[:200],
                    Problem(
                        "exchange-unlinked-strict",
                        place,
                        {"count": str(len(draft.unlinked)), "left": str(len(draft.left_out))},
                    ),
                ]
            )
        head = Head(id_, licence=options.licence, share=options.share, base="+".join(options.into))
        gases = frozenset(base.gases) if base is not None else frozenset()  # an overlay does not repeat them
        draft.needs_base |= bool(gases & set(draft.gases))
        summary, losses = write_library_folder(folder, draft, inventory, head, gases)
        box.update(summary=summary, losses=losses, problems=tuple(draft.problems))
        return inventory.format, path.name, len(draft.made), len(inventory.results), len(draft.unlinked)

    if options.out is not None:
        with fresh_folder(options.out) as folder:
            format_, source, processes, results, unlinked = fill(folder)
            digest = folder_digest(folder)
        stored, new = (
            Stored(id_, "1", digest, format_, source, processes, results, unlinked, options.out),
            True,
        )
    else:
        stored, new = store(id_, fill, options.root)
    return Imported(
        stored,
        new,
        inventory.experimental or FORMATS[inventory.format].experimental
        if inventory.format in FORMATS
        else True,
        box["summary"],
        box["losses"],
        box["problems"],
    )


def _named(library: Library) -> list[Named]:
    return [
        Named(i.id, (i.name_en, i.name_zh), str(getattr(i, "unit", "")), str(getattr(i, "place", "")))
        for i in (*library.processes.values(), *library.factors.values())
    ]


@dataclass(frozen=True)
class Exported:
    """What was written, and what could not be carried."""

    path: Path
    format: str
    losses: tuple[Loss, ...]

    def data(self) -> dict[str, Any]:
        return {
            "file": str(self.path),
            "format": self.format,
            "losses": [{"field": x.field, "count": x.count, "example": x.example} for x in self.losses],
        }


def export(source: str, to: str, target: Path | None = None, places: Places | None = None) -> Exported:
    """Write a study, a library (by id, or a folder with library.yaml), or any readable file in another format.

    Refuses (`exchange-no-writer`, `exchange-format-unnamed`, and what reading refuses).
    """
    places = places or Places()
    inventory = _inventory(source, places)
    if to not in FORMATS:
        raise refuse("exchange-format-unnamed", Place(source), format=to, formats=", ".join(FORMATS))
    target = target or Path(f"{library_id(Path(inventory.name).stem)}-{to}{FORMATS[to].suffix}")
    losses = write(inventory, target, to)
    return Exported(target, to, (*inventory.losses.report(), *losses))


def _inventory(source: str, places: Places) -> Inventory:
    path = Path(source)
    if (path / "study.yaml").is_file() or path.name == "study.yaml":
        study, problems = read_study(path)
        errors = [p for p in problems if p.level == "error"]
        if errors:
            raise TanbiaoError(errors)
        return study_inventory(study, places.library(study.libraries or ("open-2026",), study.path))
    if not (path / "library.yaml").is_file():
        if path.exists():
            return read(path).gathered()
        stored = find(source)
        path = stored.folder if stored is not None else places.folder_of(source)
    library = _library(path)
    nature, problems = read_elementary(path, library.processes)
    if problems:
        raise TanbiaoError(problems)
    return library_inventory(library, nature)


def _library(folder: Path) -> Library:
    library, problems = read_library(folder)
    errors = [p for p in problems if p.level == "error"]
    if errors:
        raise TanbiaoError(errors)
    return library


def stored_libraries(root: Path | None = None) -> list[Stored]:
    """The newest version of every stored library."""
    return list_stored(root)


def open_stored(name: str, root: Path | None = None) -> Stored:
    """A stored library by `id` or `id@version`. Refuses (`exchange-library-missing`)."""
    stored = find(name, root)
    if stored is None:
        raise refuse("exchange-library-missing", Place(str(name)), name=name)
    return stored


def show_stored(name: str, root: Path | None = None) -> dict[str, Any]:
    """What a stored library is, and how it was linked."""
    stored = open_stored(name, root)
    summary = json.loads((stored.folder / "linking" / "summary.json").read_text(encoding="utf-8"))
    return {**stored.data(), "summary": summary}


def diff_stored(old: str, new: str, gwp_set: str = "AR6", root: Path | None = None) -> list[Changed]:
    """Which items differ between two stored versions, and by how much."""
    return compare_libraries(
        _library(open_stored(old, root).folder), _library(open_stored(new, root).folder), gwp_set
    )


# -- forms, bills of materials, templates ------------------------------------------------------------------------------


def new_form(
    packs: Sequence[str], target: Path, *, excel: bool, as_of: str, salt: str, places: Places | None = None
) -> Path:
    """A study form made of the givens of `packs`: one workbook, or a folder with study.yaml and empty tables.

    Refuses (`exchange-exists`, and what resolving a pack refuses).
    """
    from ..exchange.form import write_form

    places = places or Places()
    rulebooks = [resolve(name, places.pack_roots)[0] for name in packs]
    if excel:
        write_form(rulebooks, target, as_of=as_of, salt=salt)
        return target
    _write_folder(target, _empty_study(rulebooks, as_of, salt))
    return target


def _empty_study(rulebooks: Sequence[Rulebook], as_of: str, salt: str) -> dict[str, str]:
    from ..exchange.form import method_lines

    lines = [
        "schema: 1",
        "subject: product",
        "id: new-study",
        f"as_of: {as_of}",
        f"salt: {salt}",
        f"packs: [{', '.join(b.pack.name for b in rulebooks)}]",
        "libraries: [open-2026]",
        "reference: {process: product, amount: 1 piece}",
    ]
    tree: dict[str, Any] = {}
    tables: dict[str, str] = {FILES.get(n, n) + ".csv": ",".join(c) + "\n" for n, c in SCHEMA.items()}
    for book in rulebooks:
        for c in book.of_kind("given"):
            if c.value_kind == "table":
                columns = ["id", *(k.name for k in c.columns if k.name != "id"), "note"]
                tables.setdefault(f"{c.name}.csv", ",".join(columns) + "\n")
                continue
            node, parts = tree, c.path.split(".")
            for part in parts[:-1]:
                node = node.setdefault(part, {}) if isinstance(node.setdefault(part, {}), dict) else {}
            unit = f" [{c.unit.text}]" if c.unit.text else ""
            options = f" ({' | '.join(c.options)})" if c.options else ""
            node.setdefault(
                parts[-1], f"{c.text.zh} / {c.text.en}{unit}{options}{'' if c.required else ' -'}"
            )
    for line in method_lines(rulebooks):
        node, parts = tree, line.path.split(".")
        for part in parts[:-1]:
            node = node.setdefault(part, {})
        node[parts[-1]] = f"{line.text.zh} / {line.text.en}{f' [{line.unit}]' if line.unit else ''}"

    def write(node: Mapping[str, Any], depth: int) -> None:
        for key, value in node.items():
            pad = "  " * depth
            if isinstance(value, dict):
                lines.append(f"{pad}{key}:")
                write(value, depth + 1)
            else:
                lines.append(f"{pad}{key}:  # {value}")

    write(tree, 0)
    return {"study.yaml": "\n".join(lines) + "\n", **tables}


def _write_folder(target: Path, files: Mapping[str, str]) -> None:
    with fresh_folder(target) as folder:
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class BomImported:
    """What became of a supplier's sheet."""

    folder: Path
    matches: tuple[Match, ...]
    problems: tuple[Problem, ...]

    def data(self) -> dict[str, Any]:
        return {
            "study": str(self.folder),
            "lines": [
                {
                    "row": m.line.row,
                    "material": m.line.material,
                    "amount": m.line.amount,
                    "unit": m.line.unit,
                    "provider": m.provider,
                    "score": m.score,
                    "status": m.status,
                    "candidates": [
                        {"id": c.id, "score": c.score, "differs": list(c.differs)} for c in m.candidates
                    ],
                }
                for m in self.matches
            ],
            "problems": [p.data() for p in self.problems],
        }


def import_bom(
    path: Path,
    target: Path,
    *,
    packs: Sequence[str],
    as_of: str,
    salt: str,
    product: str = "",
    libraries: Sequence[str] = ("open-2026",),
    mapping: Path | None = None,
    places: Places | None = None,
) -> BomImported:
    """A supplier's sheet → a study folder with proposed providers and matches.csv. `mapping`: an edited matches.csv.

    Refuses (`exchange-bom-columns`, `exchange-exists`, …); rows that cannot be read are returned as problems.
    """
    library = (places or Places()).library(libraries)
    lines, problems = read_bom(path)
    decided = read_matches(mapping) if mapping is not None else {}
    matches, found = match(lines, library, decided)
    problems += found
    if not lines:
        raise TanbiaoError([*problems, Problem("exchange-empty", Place(path.name))])
    files = study_files(
        matches,
        study_id=library_id(path.stem),
        packs=packs,
        libraries=[_beside(n, target) for n in libraries],
        as_of=as_of,
        salt=salt,
        source=path.name,
        product=product or path.stem,
    )
    _write_folder(target, {**files, "import/matches.csv": matches_csv(matches, library)})
    return BomImported(target, tuple(matches), tuple(problems))


def _beside(name: str, study: Path) -> str:
    """A library folder as a study names it: a path that begins with a dot, from the study's folder."""
    if not (Path(name) / "library.yaml").is_file():
        return name
    path = Path(os.path.relpath(name, study)).as_posix()
    return path if path.startswith(".") else f"./{path}"


def fill_customer_template(
    study: str,
    template: Path,
    mapping: Path,
    target: Path,
    places: Places | None = None,
) -> list[str]:
    """Fill a customer's workbook with the published quantities of a study. Returns the cells filled."""
    from ..exchange.template import fill_template, read_template_mapping

    run = run_study(load(study, places))
    return fill_template(template, read_template_mapping(mapping), published_quantities(run), target)


def published_quantities(run: Run) -> dict[str, str]:
    """Name → published text: `headline` (of the first pack that has one), `<pack>#<name>`, `<name>`, and each with
    `.unit` and `.stages.<stage>`."""
    out: dict[str, str] = {"study": run.study.id}
    for result in run.results:
        for p in result.published:
            data = p.data()
            names = [f"{data['pack']}#{data['name']}", str(data["name"])]
            if result.headline is not None and data["name"] == result.headline.data()["name"]:
                names.append("headline")
            for name in names:
                out.setdefault(name, str(data.get("published") or data.get("value")))
                out.setdefault(f"{name}.unit", str(data.get("unit") or ""))
                for stage, value in (data.get("stages") or {}).items():
                    out.setdefault(f"{name}.stages.{stage}", f"{value:.6g}")
    return out


@dataclass(frozen=True)
class GapFound:
    """Two contribution tables laid beside each other; values and the two totals in kgCO2e per what `unit` says."""

    pack: str
    unit: str
    rows: tuple[Gap, ...]
    theirs: float
    ours: float
    problems: tuple[Problem, ...]

    def data(self) -> dict[str, Any]:
        return {
            "pack": self.pack,
            "unit": self.unit,
            "theirs": self.theirs,
            "ours": self.ours,
            "lines": [
                {
                    "theirs": g.theirs,
                    "ours": g.ours,
                    "their_value": g.their_value,
                    "our_value": g.our_value,
                    "difference": g.difference,
                    "matched": g.matched,
                }
                for g in self.rows
            ],
            "problems": [p.data() for p in self.problems],
        }


def gap_to_other_tool(
    study: str, table: Path, places: Places | None = None, pack: str = "", lang: Lang = "en"
) -> GapFound:
    """Another tool's contribution table beside our contributions by what is bought, under the pack whose headline lies
    nearest to their total, or under `pack`. The differences add up.

    Refuses (`exchange-gap-pack`, and what reading the table refuses).
    """
    from ..exchange.contributions import explain_gap, read_contributions
    from .library import coverages

    theirs = read_contributions(table)
    sum_ = sum(value for _, value in theirs.rows)
    total = sum_ if theirs.total is None else theirs.total
    run = run_study(load(study, places))
    known = [c for c in coverages(run) if c.total]
    fitting = [c for c in known if pack in ("", c.pack, c.pack.partition("+")[0])]
    if not fitting:
        raise refuse(
            "exchange-gap-pack", Place(study), pack=pack or "-", known=", ".join(c.pack for c in known)
        )
    chosen = min(fitting, key=lambda c: abs(math.log(abs((c.total or 1.0) / (total or 1.0)))))
    ours = [((r.name[lang], r.name.zh, r.name.en), r.value) for r in chosen.rows]
    problems = [*theirs.problems]
    apart = max(abs(total), abs(chosen.total or 0)) > 3 * min(abs(total), abs(chosen.total or 0))
    if apart:
        values = {"theirs": f"{total:.4g}", "ours": f"{chosen.total:.4g}", "unit": chosen.unit}
        problems.append(Problem("exchange-gap-scale", Place(table.name), values, level="warning"))
    if abs(total - sum_) > 0.01 * abs(total):
        values = {"total": f"{total:.4g}", "sum": f"{sum_:.4g}"}
        problems.append(Problem("exchange-gap-sum", Place(table.name), values, level="warning"))
    rows = tuple(explain_gap(theirs.rows, ours))
    return GapFound(chosen.pack, chosen.unit, rows, sum_, sum(r.value for r in chosen.rows), tuple(problems))


def export_workbook(study: str, target: Path) -> Exported:
    """A study as one workbook; reading it gives the same study."""
    from ..exchange.workbook import write_study

    found, problems = read_study(Path(study))
    errors = [p for p in problems if p.level == "error"]
    if errors:
        raise TanbiaoError(errors)
    return Exported(target, "workbook", write_study(found, target))
