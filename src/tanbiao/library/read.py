"""A library folder → `Library` and every problem found in it. Cells are text (Namibia's code is `NA`)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from tanbiao.core.digest import digest, merkle_root
from tanbiao.core.errors import Place, Problem, TanbiaoError
from tanbiao.core.numbers import decimal_text, number
from tanbiao.core.text import Node, Text, read_yaml

from .model import (
    AMOUNT_KINDS,
    BOUNDARIES,
    COVERAGES,
    FORCINGS,
    GAS_BASES,
    KINDS,
    POSITIONS,
    SHARES,
    USES,
    Check,
    Content,
    Exchange,
    Factor,
    Gas,
    KnownFault,
    Library,
    Part,
    Process,
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a library table: what its cells hold. `words` lists the allowed words; an empty cell of a
    column that is not `required` passes here (the guards in check.py say where emptiness is a fault)."""

    name: str
    holds: str = "text"  # text | number | words
    required: bool = False
    words: tuple[str, ...] = ()


def _table(text: str, **special: Column) -> tuple[Column, ...]:
    return tuple(special.get(name, Column(name)) for name in text.split())


def _need(*names: str) -> dict[str, Column]:
    return {n: Column(n, required=True) for n in names}


def _numbers(*names: str) -> dict[str, Column]:
    return {n: Column(n, "number") for n in names}


def _word(name: str, words: tuple[str, ...], required: bool = True) -> dict[str, Column]:
    return {name: Column(name, "text", required, words)}


TABLES: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "processes": _table(
            "id name_en name_zh place unit category year technology mass_basis coverage verification share "
            "licence source url notes",
            **_need("id", "name_en", "name_zh", "place", "unit"),
            **_word("coverage", COVERAGES),
            **_word("share", SHARES, required=False),
        ),
        "exchanges": _table(
            "id process kind provider flow amount low high amount_kind unit note",
            **_need("id", "process"),
            **_word("kind", KINDS),
            **_word("amount_kind", AMOUNT_KINDS),
            **_numbers("low", "high"),
            amount=Column("amount", "number", required=True),
        ),
        "factors": _table(
            "id name_en name_zh place unit category value fossil biogenic land_use aircraft gas_basis "
            "gwp_set radiative_forcing boundary period_start period_end valid_until recycled_content "
            "mass_basis allowed_uses TeR GeR TiR quality_origin low high verification share licence source "
            "url locator notes",
            **_need("id", "name_en", "name_zh", "place", "unit", "gwp_set"),
            **_word("gas_basis", GAS_BASES),
            **_word("radiative_forcing", FORCINGS),
            **_word("boundary", BOUNDARIES),
            **_word("share", SHARES, required=False),
            **_numbers("fossil", "biogenic", "land_use", "aircraft", "low", "high"),
            value=Column("value", "number", required=True),
            allowed_uses=Column("allowed_uses", "words", words=USES),
        ),
        "gases": _table(
            "id name_en name_zh formula position AR4 AR5 AR6 source verification",
            **_need("id", "name_en", "name_zh"),
            **_word("position", POSITIONS),
            **_numbers("AR4", "AR5", "AR6"),
        ),
        "elements": _table(
            "item element kg_per_kg",
            **_need("item", "element"),
            kg_per_kg=Column("kg_per_kg", "number", required=True),
        ),
        "checks": _table(
            "id item unit value source verification comment",
            **_need("id", "item"),
            value=Column("value", "number", required=True),
        ),
    }
)
"""The tables of a library folder; every file but library.yaml may be absent."""

R = TypeVar("R", Process, Factor, Gas, Exchange, Check)
_UNIQUE_TOGETHER = ("processes", "factors", "gases")  # a provider is found by id alone


def read_library(path: Path) -> tuple[Library, list[Problem]]:
    """Read a library folder and collect every problem of form: missing files and columns, numbers, words,
    double ids.

    A row that cannot be used is left out and reported. Links and plausibility are the business of
    `check_library`.
    """
    problems: list[Problem] = []
    folder = path.name
    head = _head(path, problems)
    rows = {
        name: _rows(path / f"{name}.csv", f"{folder}/{name}.csv", columns, problems)
        for name, columns in TABLES.items()
    }
    if not any(rows[name] for name in _UNIQUE_TOGETHER) and not problems:
        problems.append(Problem("library-empty", Place(folder)))

    seen: dict[str, Place] = {}
    processes = _by_id(Process, rows["processes"], seen, problems)
    factors = _by_id(Factor, rows["factors"], seen, problems)
    gases = _by_id(Gas, rows["gases"], seen, problems)
    exchanges = tuple(_by_id(Exchange, rows["exchanges"], {}, problems).values())
    checks = tuple(_by_id(Check, rows["checks"], {}, problems).values())
    contents = tuple(Content(**cells, place_in=place) for cells, place in rows["elements"])
    library = Library(
        **head,
        processes=processes,
        factors=factors,
        gases=gases,
        exchanges=exchanges,
        contents=contents,
        checks=checks,
        parts=(),
        digest="",
    )
    mark = _digest(library)
    part = Part(library.id, library.version, mark, library.share)
    return replace(library, digest=mark, parts=(part,)), problems


def overlay(base: Library, extra: Library) -> tuple[Library, list[Problem]]:
    """`base` with the rows of `extra` added, as when a user points to a licensed folder of their own.

    An id in both is a problem and keeps the row of `base`: an overlay adds, it never changes. The parts keep
    their digests and share levels, so that a bundle can tell which rows may travel.
    """
    problems: list[Problem] = []
    seen = {i: item.place_in for i, item in base.items.items()}

    def merged(own: Mapping[str, Any], added: Mapping[str, Any]) -> Mapping[str, Any]:
        out = dict(own)
        for key, item in added.items():
            if key in seen:
                problems.append(_double(key, item.place_in, seen[key]))
            else:
                out[key] = item
        return MappingProxyType(out)

    own_exchanges = {x.id: x for x in base.exchanges}
    clash = {x.process for x in extra.exchanges} & set(base.processes)
    added_exchanges = []
    for x in extra.exchanges:
        if x.id in own_exchanges:
            problems.append(_double(x.id, x.place_in, own_exchanges[x.id].place_in))
        elif x.process in clash:
            problems.append(
                Problem("library-overlay-changes", x.place_in, {"item": x.process, "exchange": x.id})
            )
        else:
            added_exchanges.append(x)
    parts = (*base.parts, *extra.parts)
    return replace(
        base,
        id=f"{base.id}+{extra.id}",
        version=f"{base.version}+{extra.version}",
        licences=tuple(dict.fromkeys((*base.licences, *extra.licences))),
        sources=tuple(dict.fromkeys((*base.sources, *extra.sources))),
        known_faults=(*base.known_faults, *extra.known_faults),
        processes=merged(base.processes, extra.processes),
        factors=merged(base.factors, extra.factors),
        gases=merged(base.gases, extra.gases),
        exchanges=(*base.exchanges, *added_exchanges),
        contents=(*base.contents, *extra.contents),
        checks=(*base.checks, *extra.checks),
        parts=parts,
        digest=digest({"parts": [p.digest for p in parts]}),
    ), problems


def row_digest(library: Library, item: str) -> str:
    """Digest of one process with its exchanges, of one factor or of one gas; the leaves of the library's
    digest."""
    found = library.items[item]
    own = library.exchanges_of(item) if isinstance(found, Process) else ()
    return _leaf(found, own)


def _digest(library: Library) -> str:
    """Digest of a library: its head and the Merkle root over its rows (see `row_digest`)."""
    of: dict[str, list[Exchange]] = {}
    for x in library.exchanges:
        of.setdefault(x.process, []).append(x)
    leaves = [_leaf(item, of.pop(i, ())) for i, item in library.items.items()]
    leaves += [digest(_data(x)) for orphans in of.values() for x in orphans]
    leaves += [digest(_data(row)) for row in (*library.contents, *library.checks)]
    return digest(
        {
            "id": library.id,
            "version": library.version,
            "title": library.title.data(),
            "description": library.description.data(),
            "caution": library.caution.data(),
            "share": library.share,
            "licences": sorted(library.licences),
            "sources": sorted(library.sources),
            "known_faults": sorted(
                digest({"code": f.code, "item": f.item, "reason": f.reason.data()})
                for f in library.known_faults
            ),
            "rows": merkle_root(leaves),
        }
    )


def _leaf(item: object, exchanges: Iterable[Exchange]) -> str:
    return digest({"row": _data(item), "exchanges": sorted(digest(_data(x)) for x in exchanges)})


def _data(row: Any) -> dict[str, object]:
    """The content of a row with numbers as normalised decimal texts, and the kind of row it is."""
    out: dict[str, object] = {"kind of row": type(row).__name__}
    for f in fields(row):
        value = getattr(row, f.name)
        if f.name == "place_in":
            continue
        if isinstance(value, Fraction):
            value = decimal_text(value)
        elif isinstance(value, tuple):
            value = sorted(value)
        out[f.name] = value
    return out


def _head(path: Path, problems: list[Problem]) -> dict[str, Any]:
    name = f"{path.name}/library.yaml"
    try:
        node = read_yaml(path / "library.yaml", name)
    except TanbiaoError as error:
        problems.extend(error.problems)
        node = None
    if not isinstance(node, Node):
        if node is not None:
            problems.append(Problem("library-cell-empty", Place(name), {"column": "id"}))
        node = Node(name, 1, {}, {})

    def text(key: str) -> str:
        value = node.get(key)
        if not isinstance(value, str) or not value:
            problems.append(Problem("library-cell-empty", node.place(key), {"column": key}))
            return ""
        return value

    def both(key: str) -> Text:
        value = node.get(key)
        zh, en = (value.get("zh"), value.get("en")) if isinstance(value, Node) else (None, None)
        if not zh or not en:
            problems.append(Problem("library-cell-empty", node.place(key), {"column": f"{key}.zh, {key}.en"}))
        return Text(str(zh or ""), str(en or ""))

    def many(key: str) -> tuple[str, ...]:
        value = node.get(key)
        if not isinstance(value, list) or not value:
            problems.append(Problem("library-cell-empty", node.place(key), {"column": key}))
            return ()
        return tuple(str(v) for v in value)

    faults = []
    for fault in node.get("known_faults") or []:
        if isinstance(fault, Node) and all(
            isinstance(fault.get(k), str) for k in ("code", "item", "zh", "en")
        ):
            faults.append(KnownFault(fault["code"], fault["item"], Text(fault["zh"], fault["en"])))
        else:
            problems.append(
                Problem("library-cell-empty", node.place("known_faults"), {"column": "code, item, zh, en"})
            )
    if not node:
        return {
            "id": path.name,
            "version": "0",
            "title": Text("", ""),
            "description": Text("", ""),
            "caution": Text("", ""),
            "share": "",
            "licences": (),
            "sources": (),
            "known_faults": (),
        }
    share = text("share")
    if share and share not in SHARES:
        problems.append(_unknown_word(node.place("share"), "share", share, SHARES))
    version = text("version")
    if version and not version.isdigit():
        problems.append(Problem("number-expected", node.place("version"), {"text": version}))
    return {
        "id": text("id") or path.name,
        "version": version,
        "title": both("title"),
        "description": both("description"),
        "caution": both("caution"),
        "share": share,
        "licences": many("licences"),
        "sources": many("sources"),
        "known_faults": tuple(faults),
    }


def _rows(
    path: Path, name: str, columns: tuple[Column, ...], problems: list[Problem]
) -> list[tuple[dict[str, Any], Place]]:
    """Rows of one table as keyword arguments of its class, with their place."""
    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        problems.append(Problem("library-encoding", Place(name), {"file": name}))
        return []
    lines = _lines(text, name, problems)
    try:
        _, header = next(lines)
    except StopIteration:
        problems.append(Problem("library-column-missing", Place(name), {"column": columns[0].name}))
        return []
    known = {c.name for c in columns}
    missing = [c.name for c in columns if c.name not in header]
    problems += [Problem("library-column-missing", Place(name, 1), {"column": c}) for c in missing]
    problems += [
        Problem("library-column-unknown", Place(name, 1), {"column": c}, level="warning")
        for c in header
        if c not in known
    ]
    problems += [
        Problem("library-column-double", Place(name, 1), {"column": c})
        for c in sorted({c for c in header if header.count(c) > 1})
    ]
    if missing:
        return []
    out = []
    for line, cells in lines:
        if not any(cells):
            continue
        if len(cells) != len(header):
            args = {"found": str(len(cells)), "expected": str(len(header))}
            problems.append(Problem("library-row-length", Place(name, line), args))
            continue
        row = dict(zip(header, cells, strict=True))
        values, good = {}, True
        for column in columns:
            value, problem = _cell(row[column.name].strip(), column, Place(name, line, column.name))
            values[column.name] = value
            if problem:
                problems.append(problem)
                good = False
        if good:
            out.append((values, Place(name, line)))
    return out


def _lines(text: str, name: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Records with the line on which each begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        start = reader.line_num + 1
        try:
            yield start, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(Problem("library-csv", Place(name, start), {"detail": str(error)}))
            return


def _cell(text: str, column: Column, place: Place) -> tuple[Any, Problem | None]:
    if not text and column.required:
        return text, Problem("library-cell-empty", place, {"column": column.name})
    if column.holds == "number":
        if not text:
            return None, None
        try:
            return number(text), None
        except ValueError:
            return None, Problem("number-expected", place, {"text": text[:60]})
    if column.holds == "words":
        words = tuple(text.split())
        wrong = [w for w in words if w not in column.words]
        return words, _unknown_word(place, column.name, wrong[0], column.words) if wrong else None
    if text and column.words and text not in column.words:
        return text, _unknown_word(place, column.name, text, column.words)
    return text, None


def _unknown_word(place: Place, column: str, word: str, words: tuple[str, ...]) -> Problem:
    return Problem("library-word", place, {"column": column, "word": word[:60], "words": ", ".join(words)})


def _double(key: str, place: Place, first: Place) -> Problem:
    return Problem("library-duplicate-id", place, {"item": key, "first": str(first)})


def _by_id(
    make: type[R], rows: list[tuple[dict[str, Any], Place]], seen: dict[str, Place], problems: list[Problem]
) -> Mapping[str, R]:
    out: dict[str, R] = {}
    for cells, place in rows:
        key = cells["id"]
        if key in seen:
            problems.append(_double(key, place, seen[key]))
            continue
        seen[key] = place
        out[key] = make(**cells, place_in=place)
    return MappingProxyType(out)
