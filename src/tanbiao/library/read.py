"""A library folder → `Library` and every problem found in it. Cells are text (Namibia's code is `NA`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tanbiao.core.cache import Cache
from tanbiao.core.digest import digest, merkle_root
from tanbiao.core.errors import Place, Problem, TanbiaoError
from tanbiao.core.numbers import decimal_text
from tanbiao.core.text import Node, Text, read_yaml
from tanbiao.study.distribution import DISTRIBUTIONS

from .exchanges import LATER, Exchanges, Loaded, Rows, digests
from .filed import Kept
from .items import Items
from .model import SHARES, Check, Content, Factor, Gas, KnownFault, Library, Part, Process
from .table import TABLES, Columns, read_table

R = TypeVar("R")
_UNIQUE_TOGETHER = ("processes", "factors", "gases")  # a provider is found by id alone


def read_library(path: Path, kept_in: Cache | None = None) -> tuple[Library, list[Problem]]:
    """Read a library folder and collect every problem of form: missing files and columns, numbers, words,
    double ids.

    A row that cannot be used is left out and reported. Links and plausibility are the business of
    `check_library`.

    kept_in: where the digest and the places of the rows of a large library without problems are kept under the digest
    of its files, so that its exchanges need not be read again; never given where a result is verified.
    """
    problems: list[Problem] = []
    folder = path.name
    head = _head(path, problems)
    data = {name: _bytes(path / f"{name}.csv") for name in TABLES}
    kept = Kept.of(path, data, kept_in)
    tables = {
        name: read_table(data[name], f"{folder}/{name}.csv", name, problems)
        for name in TABLES
        if name != "exchanges"
    }
    if not any(len(tables[name]) for name in _UNIQUE_TOGETHER) and not problems:
        problems.append(Problem("library-empty", Place(folder)))

    tables["factors"] = _drawable(tables["factors"], problems)
    processes: Items[Process] = _items(Process, tables["processes"], (), problems)
    factors: Items[Factor] = _items(Factor, tables["factors"], (processes,), problems)
    gases: Items[Gas] = _items(Gas, tables["gases"], (processes, factors), problems)
    checks = tuple(_items(Check, tables["checks"], (), problems).values())
    contents = tuple(Content(**cells, place_in=place) for cells, place in tables["elements"].rows())
    rows: Rows | None = kept.filed(f"{folder}/exchanges.csv") if kept is not None else None
    if rows is None:
        table = read_table(data["exchanges"], f"{folder}/exchanges.csv", "exchanges", problems)
        rows = Loaded(_drawable(_distinct(table, problems), problems))
    library = Library(
        **head,
        processes=processes,
        factors=factors,
        gases=gases,
        exchanges=Exchanges(rows),
        contents=contents,
        checks=checks,
        parts=(),
        digest="",
    )
    if kept is not None and kept.found is not None:
        mark = kept.digest
    else:
        mark = _digest(library, digests(rows.table))
        if kept is not None and not problems:
            kept.keep(rows.table, mark)
    part = Part(library.id, library.version, mark, library.share)
    return replace(library, digest=mark, parts=(part,)), problems


def overlay(base: Library, extra: Library) -> tuple[Library, list[Problem]]:
    """`base` with the rows of `extra` added, as when a user points to a licensed folder of their own.

    An id in both is a problem and keeps the row of `base`: an overlay adds, it never changes. The parts keep
    their digests and share levels, so that a bundle can tell which rows may travel.
    """
    problems: list[Problem] = []
    taken = (base.processes, base.factors, base.gases)

    def merged(own: Items[R], added: Items[R]) -> Items[R]:
        more = (_unlike(table, taken, problems) for table in added.tables)
        return Items(own.make, *own.tables, *more)

    added = _added(base, extra, problems)
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
        exchanges=Exchanges(*base.exchanges.parts, *added),
        contents=(*base.contents, *extra.contents),
        checks=(*base.checks, *extra.checks),
        parts=parts,
        digest=digest({"parts": [p.digest for p in parts]}),
    ), problems


def _added(base: Library, extra: Library, problems: list[Problem]) -> list[Rows]:
    """The exchanges of `extra`, without those that repeat an id of `base` or reach into one of its processes."""
    own, out = base.exchanges, []
    for part in extra.exchanges.parts:
        reaching = part.processes & base.processes.keys()
        if not reaching and not any(_shared(part.marks, other.marks) for other in own.parts):
            out.append(part)
            continue
        first = {i: k for k, i in enumerate(own.column("id"))}
        table, dropped = part.table, set()
        for row, (id_, process) in enumerate(zip(table.values["id"], table.values["process"], strict=True)):
            if id_ in first:
                problems.append(_double(id_, table.place(row), own.place(first[id_])))
            elif process in reaching:
                args = {"item": process, "exchange": id_}
                problems.append(Problem("library-overlay-changes", table.place(row), args))
            else:
                continue
            dropped.add(row)
        out.append(Loaded(table.without(dropped)))
    return out


def _shared(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> bool:
    """Whether two ascending arrays have a value in common."""
    few, many = sorted((one, other), key=len)
    if not few.size:
        return False
    at = np.minimum(np.searchsorted(many, few), many.size - 1)
    return bool((many[at] == few).any())


def row_digest(library: Library, item: str) -> str:
    """Digest of one process with its exchanges, of one factor or of one gas; the leaves of the library's
    digest."""
    found = library.items[item]
    own = library.exchanges_of(item) if isinstance(found, Process) else ()
    return _leaf(found, (_text_digest(_data(x)) for x in own))


def _digest(library: Library, exchanges: dict[str, list[str]]) -> str:
    """Digest of a library: its head and the Merkle root over its rows (see `row_digest`)."""
    leaves = [_leaf(item, exchanges.pop(i, ())) for i, item in library.items.items()]
    leaves += [mark for orphans in exchanges.values() for mark in orphans]
    leaves += [_text_digest(_data(row)) for row in (*library.contents, *library.checks)]
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


def _leaf(item: object, exchanges: Iterable[str]) -> str:
    return _text_digest({"row": _data(item), "exchanges": sorted(exchanges)})


def _text_digest(data: Any) -> str:
    """`core.digest.digest` of data that holds texts only: what the json module writes is canonical then."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _data(row: Any) -> dict[str, object]:
    """The content of a row with numbers as normalised decimal texts, and the kind of row it is. Columns that came
    later are left out where they are empty."""
    out: dict[str, object] = {"kind of row": type(row).__name__}
    for field in fields(row):
        name, value = field.name, getattr(row, field.name)
        if name == "place_in" or (name in LATER and value in ("", None)):
            continue
        if isinstance(value, Fraction):
            value = decimal_text(value)
        elif isinstance(value, tuple):
            value = sorted(value)
        out[name] = value
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


def _unknown_word(place: Place, column: str, word: str, words: tuple[str, ...]) -> Problem:
    return Problem("library-word", place, {"column": column, "word": word[:60], "words": ", ".join(words)})


def _double(key: str, place: Place, first: Place) -> Problem:
    return Problem("library-duplicate-id", place, {"item": key, "first": str(first)})


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _distinct(table: Columns, problems: list[Problem]) -> Columns:
    """The table without rows that repeat an id."""
    ids = table.values["id"]
    if len(set(ids)) == len(ids):
        return table
    first: dict[str, int] = {}
    double = set()
    for row, id_ in enumerate(ids):
        if first.setdefault(id_, row) != row:
            problems.append(_double(id_, table.place(row), table.place(first[id_])))
            double.add(row)
    return table.without(double)


def _drawable(table: Columns, problems: list[Problem]) -> Columns:
    """The table without rows whose distribution is none."""
    wrong = set()
    for row, id_, found in table.distributions():
        place = table.place(row, "distribution")
        if not found.kind:
            args = {"fact": id_, "distributions": ", ".join(DISTRIBUTIONS)}
            problems.append(Problem("uncertainty-no-distribution", place, args))
        elif misfit := found.misfit("least, greatest"):
            problems.append(Problem(misfit[0], place, {"fact": id_, **misfit[1]}))
        elif found.amount == 0.0:
            problems.append(Problem("uncertainty-zero", place, {"fact": id_}))
        else:
            continue
        wrong.add(row)
    return table.without(wrong)


def _items(make: type[R], table: Columns, taken: tuple[Items[Any], ...], problems: list[Problem]) -> Items[R]:
    """The rows of a table by id, without those that repeat an id of the table or of what is taken."""
    return Items(make, _unlike(_distinct(table, problems), taken, problems))


def _unlike(table: Columns, taken: tuple[Items[Any], ...], problems: list[Problem]) -> Columns:
    """The table without rows that repeat an id of what is taken."""
    ids = table.values["id"]
    wrong = set()
    for other in taken:
        if other.keys().isdisjoint(ids):
            continue
        for row, id_ in enumerate(ids):
            if id_ in other:
                problems.append(_double(id_, table.place(row), other.place(id_)))
                wrong.add(row)
    return table.without(wrong)
