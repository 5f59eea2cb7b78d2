"""Packs → rulebook: `builds_on` followed, open values filled, clauses replaced, conflicts named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from ..core.errors import Place, Problem, TanbiaoError, refuse
from ..core.text import Node, read_yaml
from .clause import Clause
from .pack import Pack, PackTable, read_pack


@dataclass(frozen=True, eq=False)
class Rulebook:
    """A pack with all it builds on, resolved: what `evaluate` works with.

    clauses: effective clauses by name, in the order of the standards (the general one first).
    hidden: clauses that were filled or replaced, by address, and the address of what stands in their place.
    """

    pack: Pack
    packs: tuple[Pack, ...]
    clauses: Mapping[str, Clause]
    tables: Mapping[str, PackTable]
    hidden: Mapping[str, str]

    @property
    def digests(self) -> dict[str, str]:
        """Version → digest of every pack."""
        return {p.version: p.digest for p in self.packs}

    def by_address(self, address: str) -> Clause | None:
        """The effective clause at `pack@edition#slug`."""
        while address in self.hidden:
            address = self.hidden[address]
        return next((c for c in self.clauses.values() if c.address == address), None)

    def of_kind(self, kind: str) -> list[Clause]:
        return [c for c in self.clauses.values() if c.kind == kind]


def find_packs(roots: Iterable[Path]) -> dict[str, Path]:
    """Every pack below `roots`: `id@edition` → folder; `released/` holds earlier revisions as `id@edition+n`."""
    found: dict[str, Path] = {}
    for root in roots:
        for file in sorted(root.rglob("pack.yaml")):
            stat = file.stat()
            head = _pack_head(file, stat.st_mtime_ns, stat.st_size)
            if head is None:
                continue  # `pack lint FOLDER` says what is wrong with it
            id_, edition, revision = head
            name = f"{id_}@{edition}"
            if "released" not in file.parts:
                found.setdefault(name, file.parent)
            found.setdefault(f"{name}+{revision}", file.parent)
    return found


@lru_cache(maxsize=4096)
def _pack_head(file: Path, changed: int, size: int) -> tuple[str, str, str] | None:
    """Id, edition and revision of a pack.yaml as it was at `changed`; every resolve looks at them all."""
    import yaml

    try:
        head = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    if not isinstance(head, dict):
        return None
    return str(head.get("id")), str(head.get("edition")), str(head.get("revision"))


def near(wanted: str, known: Iterable[str], most: int = 5) -> list[str]:
    """The packs that a mistyped name may mean: other editions of its id, else names like it."""
    names = sorted(k for k in known if "+" not in k)
    same = [k for k in names if k.partition("@")[0] == wanted.partition("@")[0]]
    return same or get_close_matches(wanted, names, most, 0.5)


def resolve(name: str, roots: Sequence[Path]) -> tuple[Rulebook, list[Problem]]:
    """The rulebook of pack `name` (`id@edition` or `id@edition+revision`).

    Returns it with the warnings found. Raises `TanbiaoError` (`pack-unknown`, `pack-cycle`, `pack-revisions`,
    `clause-conflict`, `clause-target`, and everything that is wrong with the form of a pack).
    """
    known = find_packs(roots)
    packs: dict[str, Pack] = {}
    problems: list[Problem] = []
    order: list[Pack] = []

    def load(wanted: str, path: tuple[str, ...]) -> None:
        place = _builds_on(known[path[-1]]) if path else Place()
        if wanted not in known:
            raise refuse("pack-unknown", place, pack=wanted, near=", ".join(near(wanted, known)) or "—")
        if wanted in path:
            raise refuse("pack-cycle", place, path=" → ".join((*path, wanted)))
        pack, found = read_pack(known[wanted])
        problems.extend(found)
        if pack is None:
            raise TanbiaoError(problems)
        if pack.name in packs:
            if packs[pack.name].version != pack.version:
                raise refuse("pack-revisions", place, a=packs[pack.name].version, b=pack.version)
            return
        for base in pack.builds_on:
            load(base, (*path, wanted))
        packs[pack.name] = pack
        order.append(pack)

    load(name, ())
    if any(p.level == "error" for p in problems):
        raise TanbiaoError(problems)
    clauses, hidden, found = _compose(order)
    problems.extend(found)
    if any(p.level == "error" for p in problems):
        raise TanbiaoError(problems)
    tables: dict[str, PackTable] = {}
    for clause in clauses.values():
        if clause.kind in ("table", "grade"):
            owner = packs[clause.pack]
            if clause.table in owner.tables:
                name = clause.name if clause.kind == "table" else clause.table
                table = _named(owner.tables[clause.table], name)
                if name in tables and tables[name].file != table.file:
                    problems.append(
                        Problem(
                            "clause-conflict",
                            clause.place,
                            {"name": name, "a": table.file, "b": tables[name].file},
                        )
                    )
                tables.setdefault(name, table)
            elif clause.table not in tables:
                problems.append(Problem("table-missing", clause.place, {"table": clause.table}))
    if any(p.level == "error" for p in problems):
        raise TanbiaoError(problems)
    return Rulebook(order[-1], tuple(order), clauses, tables, hidden), problems


def _compose(order: list[Pack]) -> tuple[dict[str, Clause], dict[str, str], list[Problem]]:
    """Lay the layers over one another: a lower layer may fill what is open and replace what it names."""
    effective: dict[str, Clause] = {}
    by_address: dict[str, str] = {}
    hidden: dict[str, str] = {}
    problems: list[Problem] = []
    for pack in order:
        for clause in pack.clauses:
            target = clause.fills or clause.replaces
            if target is not None:
                name = by_address.get(target)
                if name is None:
                    problems.append(Problem("clause-target", clause.place, {"target": target}))
                    continue
                upper = effective[name]
                if target in hidden and upper.pack not in _bases(pack, order):
                    problems.append(
                        Problem(
                            "clause-conflict",
                            clause.place,
                            {"name": name, "a": clause.address, "b": upper.address},
                        )
                    )
                    continue
                if clause.fills and not upper.open:
                    problems.append(Problem("clause-not-open", clause.place, {"target": target}))
                    continue
                lower = replace(clause, name=name, open=False)
                if clause.fills:
                    lower = _filled(upper, lower, problems)
                effective[name] = lower
                hidden[upper.address] = lower.address
                by_address[lower.address] = name
                continue
            other = effective.get(clause.name)
            if other is not None:
                problems.append(
                    Problem(
                        "clause-conflict",
                        clause.place,
                        {"name": clause.name, "a": clause.address, "b": other.address},
                    )
                )
                continue
            effective[clause.name] = clause
            by_address[clause.address] = clause.name
    return effective, hidden, problems


def _filled(upper: Clause, lower: Clause, problems: list[Problem]) -> Clause:
    """A filling keeps the kind, unit, basis and text of what it fills, and brings its own value and source."""
    bare = lower.value is None or not lower.value.unit.text
    if lower.value is not None and not bare and lower.value.unit.dimension != upper.unit.dimension:
        problems.append(
            Problem(
                "dimension-mismatch",
                lower.place,
                {"formula": lower.id, "left": upper.unit.text, "right": lower.value.unit.text},
            )
        )
    value = lower.value
    if value is not None and not isinstance(value.data, str | bool):
        value = replace(value, data=value.data * upper.unit.factor if bare else value.data, unit=upper.unit)
    text = lower.text if lower.text.zh else upper.text
    return replace(
        lower,
        kind=upper.kind,
        unit=upper.unit,
        basis=upper.basis,
        value=value,
        text=text,
        number=lower.number or upper.number,
    )


def _named(table: PackTable, name: str) -> PackTable:
    """The table under the name that formulas call it by, whatever its file is called."""
    return replace(table, id=name, values={k: replace(v, table=name) for k, v in table.values.items()})


def _builds_on(folder: Path) -> Place:
    """Where a pack names what it builds on."""
    head: Node = read_yaml(folder / "pack.yaml", f"{'/'.join(folder.parts[-3:])}/pack.yaml")
    return head.place("builds_on")


def _bases(pack: Pack, order: list[Pack]) -> set[str]:
    known = {p.name: p for p in order}
    found: set[str] = set()
    waiting = list(pack.builds_on)
    while waiting:
        name = waiting.pop().partition("+")[0]
        if name in known and name not in found:
            found.add(name)
            waiting += known[name].builds_on
    return found
