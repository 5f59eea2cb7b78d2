"""Every pack in the house is clean and keeps its own worked cases, whoever wrote it."""

from pathlib import Path

import pytest

from tanbiao.evaluate import run_cases
from tanbiao.standards import find_packs, resolve
from tanbiao.standards.lint import lint

ROOT = Path(__file__).parents[2]
ROOTS = [ROOT / "packs", ROOT / "tests" / "packs"]
NAMES = sorted(name for name in find_packs(ROOTS) if "+" not in name)


@pytest.mark.parametrize("name", NAMES)
def test_pack_is_clean(name: str) -> None:
    rulebook, warnings = resolve(name, ROOTS)
    assert [p.text("en") for p in warnings] == []
    assert [p.text("en") for p in lint(rulebook)] == []


@pytest.mark.parametrize("name", NAMES)
def test_pack_keeps_its_worked_cases(name: str) -> None:
    rulebook, _ = resolve(name, ROOTS)
    rows = run_cases(rulebook)
    assert [f"{r.case}: {r.name} should be {r.expected}, is {r.got}" for r in rows if not r.passed] == []


@pytest.mark.parametrize("name", NAMES)
def test_worked_cases_say_something(name: str) -> None:
    """A case without an expectation or a finding proves nothing."""
    rulebook, _ = resolve(name, ROOTS)
    assert [str(c["id"]) for c in rulebook.pack.cases if not c.get("expect") and not c.get("findings")] == []


@pytest.mark.parametrize("name", NAMES)
def test_cases_name_what_exists(name: str) -> None:
    rulebook, _ = resolve(name, ROOTS)
    known = {c.id for c in rulebook.clauses.values()} | set(rulebook.clauses)
    named = {w for c in rulebook.pack.cases for w in c.get("clauses") or []}
    assert named - known == set()
