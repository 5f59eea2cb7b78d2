"""Pack use cases: list, open, compare, lint, test."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError
from ..core.text import Text
from ..evaluate import run_cases
from ..evaluate.cases import CaseRow
from ..evaluate.difference import Change, rule_changes
from ..standards import Rulebook, find_packs, resolve
from ..standards.lint import lint
from .places import Places


@dataclass(frozen=True)
class PackRow:
    """One pack at hand."""

    version: str
    title: Text
    status: str
    jurisdiction: str
    clauses: int
    reviews: dict[str, int]
    cases: int

    def data(self) -> dict[str, Any]:
        return {
            "pack": self.version,
            "title": self.title.data(),
            "status": self.status,
            "jurisdiction": self.jurisdiction,
            "clauses": self.clauses,
            "reviews": self.reviews,
            "cases": self.cases,
        }


def list_packs(places: Places) -> tuple[list[PackRow], list[Problem]]:
    """Every pack that can be read, and what keeps the others from it."""
    rows = []
    problems: list[Problem] = []
    for name in sorted(n for n in find_packs(places.pack_roots) if "+" not in n):
        try:
            rulebook, _ = resolve(name, places.pack_roots)
        except TanbiaoError as error:
            problems += error.problems
            continue
        pack = rulebook.pack
        rows.append(
            PackRow(
                pack.version,
                pack.title,
                pack.status,
                pack.jurisdiction,
                len(pack.clauses),
                dict(Counter(c.review for c in pack.clauses)),
                len(pack.cases),
            )
        )
    return rows, problems


def open_pack(name: str, places: Places) -> tuple[Rulebook, list[Problem]]:
    return resolve(name, places.pack_roots)


def diff_packs(old: str, new: str, places: Places) -> list[Change]:
    """Every clause, table cell, text and review mark that differs between two packs or two editions of one."""
    return rule_changes(resolve(old, places.pack_roots)[0], resolve(new, places.pack_roots)[0], words=True)


def lint_pack(name: str, places: Places) -> list[Problem]:
    """Problems of form, of meaning, and of cases that do not give what they should."""
    try:
        rulebook, problems = resolve(name, places.pack_roots)
    except TanbiaoError as error:
        return list(error.problems)
    found = [*problems, *lint(rulebook)]
    if not any(p.level == "error" for p in found):
        found += [
            Problem(
                "case-fails",
                Place(f"{rulebook.pack.name}/cases", path=row.case),
                {"case": row.case, "name": row.name, "expected": row.expected, "got": row.got},
            )
            for row in run_cases(rulebook)
            if not row.passed
        ]
    return found


def test_pack(name: str, places: Places) -> list[CaseRow]:
    rulebook, _ = resolve(name, places.pack_roots)
    return run_cases(rulebook)


def pack_data(rulebook: Rulebook) -> dict[str, Any]:
    """A pack for machines: head and effective clauses."""
    pack = rulebook.pack
    return {
        "pack": pack.version,
        "title": pack.title.data(),
        "status": pack.status,
        "digest": pack.digest,
        "builds_on": list(pack.builds_on),
        "source": dict(pack.source),
        "review": pack.review,
        "clauses": [
            {
                "address": c.address,
                "number": c.number,
                "kind": c.kind,
                "name": c.name,
                "review": c.review,
                "severity": c.severity if c.kind == "check" else None,
                "text": c.text.data(),
                "formula": c.formula.source if c.formula is not None else None,
                "unit": c.unit.text,
                "basis": dict(c.basis),
                "source": dict(c.source),
            }
            for c in rulebook.clauses.values()
        ],
    }
