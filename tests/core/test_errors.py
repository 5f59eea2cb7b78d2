"""Errors are data: every code in the source is in the catalogue, in zh and en, with its arguments."""

import ast
import re
from pathlib import Path

import pytest

from tanbiao.core.errors import LANGS, Place, Problem, TanbiaoError, catalogue, raise_errors, refuse

SRC = Path(__file__).parents[2] / "src" / "tanbiao"
CODE = re.compile(r"[a-z]+(-[a-z0-9]+)+\Z")
MAKERS = {"refuse": 0, "Problem": 0, "problem": 0}


def used() -> list[tuple[str, str, frozenset[str] | None]]:
    """(code, place in the source, argument names where they can be read off) of every problem made in src."""
    found = []
    for file in sorted(SRC.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if name not in MAKERS or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
                continue
            found.append((first.value, f"{file.relative_to(SRC)}:{node.lineno}", arguments(node, name)))
    return found


def arguments(node: ast.Call, name: str) -> frozenset[str] | None:
    if any(k.arg is None for k in node.keywords):
        return None
    if name in ("refuse", "problem"):
        return frozenset(k.arg for k in node.keywords if k.arg not in ("place", "clause"))
    given = (
        node.args[2]
        if len(node.args) > 2
        else next((k.value for k in node.keywords if k.arg == "args"), None)
    )
    if given is None:
        return frozenset()
    if isinstance(given, ast.Dict) and all(isinstance(k, ast.Constant) for k in given.keys):
        return frozenset(k.value for k in given.keys)
    return None


USED = used()


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_every_code_in_the_source_is_in_the_catalogue() -> None:
    assert sorted({f"{code} ({where})" for code, where, _ in USED if code not in catalogue()}) == []


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_entry_is_whole(code: str) -> None:
    entry = catalogue()[code]
    assert CODE.match(code)
    assert {"title", "what"} <= set(entry) <= {"title", "what", "why", "fix"}
    assert "fix" in entry or "why" in entry
    for part, texts in entry.items():
        assert set(texts) == set(LANGS), part
        assert all(t.strip() for t in texts.values()), part
        assert places(texts["zh"]) == places(texts["en"]), part
        assert not texts["zh"].isascii(), part
        assert "，" not in texts["en"] and "。" not in texts["en"], part


def test_every_place_in_a_text_gets_its_argument() -> None:
    lacking = []
    for code, where, given in USED:
        if given is None or code not in catalogue():
            continue
        wanted = set().union(*(places(t) for texts in catalogue()[code].values() for t in texts.values()))
        if wanted - given:
            lacking.append(f"{code} at {where} lacks {', '.join(sorted(wanted - given))}")
    assert lacking == []


def test_no_entry_is_dead() -> None:
    """A code in the catalogue is a string somewhere in the source, or begins with one that is completed there."""
    source = "\n".join(f.read_text(encoding="utf-8") for f in SRC.rglob("*.py"))
    begun = tuple(re.findall(r'f"([a-z]+(?:-[a-z]+)*-)\{', source)) or ("-",)
    assert [code for code in catalogue() if f'"{code}"' not in source and not code.startswith(begun)] == []


def test_a_problem_says_where_what_and_how_to_mend_it() -> None:
    problem = Problem("unit-unknown", Place("a.yaml", 3, path="mass"), {"unit": "furlong"}, "p@1#x")
    assert problem.text("en").startswith("a.yaml:3:mass: ‘furlong’ is not a known unit [p@1#x] → ")
    assert "furlong" in problem.text("zh") and "不是已知单位" in problem.text("zh")
    data = problem.data()
    assert data["code"] == "unit-unknown" and data["row"] == 3 and data["fix"]["zh"]


def test_an_argument_is_not_filled_in_twice() -> None:
    """What a user writes never acts as a template."""
    text = Problem("clause-of", args={"id": "{name}", "key": "of", "name": "{key}"}).text("en")
    assert "{name}" in text and "{key}" in text


def test_warnings_pass_and_errors_stop() -> None:
    raise_errors([Problem("unit-unknown", args={"unit": "x"}, level="warning")])
    with pytest.raises(TanbiaoError) as caught:
        raise_errors(
            [
                Problem("unit-unknown", args={"unit": "x"}, level="warning"),
                Problem("file-missing", args={"file": "f"}),
            ]
        )
    assert len(caught.value.problems) == 2
    assert refuse("file-missing", file="f").problems[0].code == "file-missing"
