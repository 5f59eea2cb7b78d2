"""Grades and choices in small packs: limits out of order, dashes, missing baselines, undecided choices."""

from pathlib import Path

import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.core.text import parse_yaml
from tanbiao.core.value import MISSING, NOT_APPLICABLE
from tanbiao.evaluate import run_cases
from tanbiao.evaluate.cases import case_evaluation
from tanbiao.standards import resolve
from tanbiao.standards.lint import lint

ROOT = Path(__file__).parents[2]
T = "text: {zh: 文字, en: text}"
HEAD = "id,value,unit,1,2,3,source\ntext,text,text,predicate,predicate,predicate,text\n"


def level(write, style: str, rows: str, value: str, extra: str = "") -> str:
    root = write(
        "a@1",
        f"- {{id: m, kind: given, unit: kgce/t, required: 'false', {T}}}\n{extra}"
        f"- {{id: level, kind: grade, style: {style}, table: t, levels: {{'1': 0, '2': 0, '3': 0}}, {T}}}",
        tables={"t": HEAD + rows},
        cases=f"- {{id: c, given: {{{value}}}, expect: {{level: '?'}}}}",
    )
    rulebook, _ = resolve("a@1", [root])
    assert lint(rulebook) == []
    return run_cases(rulebook)[0].got


@pytest.mark.parametrize(
    ("value", "first", "every"),
    [("280", "1", "1"), ("290", "1", "3"), ("303", "1", "3"), ("310", "3", "3"), ("312.001", "none", "none")],
)
def test_limits_that_do_not_fall_in_order(write, value: str, first: str, every: str) -> None:
    """A coal-power standard sets 303 / 285 / 312: whether 290 stands at 1 or 3 is the pack's to say."""
    rows = "r,m,kgce/t,<= 303,<= 285,<= 312,here\n"
    assert level(write, "first_met", rows, f"m: '{value}'") == first
    assert level(write, "every_met", rows, f"m: '{value}'") == every


@pytest.mark.parametrize("style", ["first_met", "every_met"])
@pytest.mark.parametrize(
    ("rows", "value", "wanted"),
    [
        ("r,m,kgce/t,,,<= 14,here\n", "10", "3"),  # only level 3 is set: the others cannot be reached
        ("r,m,kgce/t,<= 10,,<= 14,here\n", "10", "1"),  # a dash at level 2 is passed over, not inferred
        ("r,m,kgce/t,<= 10,,<= 14,here\n", "12", "3"),
        ("r,m,kgce/t,<= -30,<= -28,<= -12,here\n", "-30", "1"),  # negative limits
        ("r,m,kgce/t,>= 24.0,>= 23.7,>= 23.2,here\n", "23.7", "2"),  # more is better
        (
            "a,m,kgce/t,<= 10,<= 12,<= 14,here\nb,m,kgce/t,<= 5,<= 12,<= 14,here\n",
            "9",
            "2",
        ),  # the worst row counts
    ],
)
def test_dashes_negative_limits_and_the_worst_row(
    write, style: str, rows: str, value: str, wanted: str
) -> None:
    assert level(write, style, rows, f"m: '{value}'") == wanted


def test_a_baseline_without_its_datum_leaves_the_row_open(write) -> None:
    extra = f"- {{id: n, kind: given, required: 'false', {T}}}\n"
    rows = "r,m,kgce/t,<= 10 + n,<= 20 + n,<= 30 + n,here\n"
    assert level(write, "first_met", rows, "m: '11'", extra) == "missing"
    assert level(write, "first_met", rows, "m: '11', n: '1'", extra) == "1"


def test_a_limit_that_does_not_apply_is_a_dash(write) -> None:
    extra = (
        f"- {{id: old, kind: given, type: bool, {T}}}\n"
        f"- {{id: lenient, kind: define, value: '30', when: old, {T}}}\n"
    )
    rows = "r,m,kgce/t,<= 10,<= 20,<= lenient,here\n"
    assert level(write, "first_met", rows, "m: '25', old: 'true'", extra) == "3"
    assert level(write, "first_met", rows, "m: '25', old: 'false'", extra) == "none"


def test_weights_that_do_not_sum_are_refused_at_run_time_too(write) -> None:
    root = write(
        "a@1",
        f"- {{id: m, kind: given, {T}}}\n"
        f"- {{id: level, kind: grade, style: membership, table: t, levels: {{A: 85}}, {T}}}",
        tables={
            "t": "id,category,category_weight,weight,value,A,source\ntext,text,,,text,predicate,text\n"
            "r,c,1,0.9,m,<= 1,here\n"
        },
        cases="- {id: c, given: {m: '1'}, expect: {level: 'refused: grade-weights'}}",
    )
    assert run_cases(resolve("a@1", [root])[0])[0].passed


# -- choices ---------------------------------------------------------------------------------------


CHOICE = f"""- id: site
  kind: given
  type: table
  {T}
  columns: {{size: number, old: bool}}
- {{id: applies-here, kind: given, type: bool, required: "false", {T}}}
- id: way
  kind: choose
  for: site where size > 5
  when: applies_here
  {T}
  first:
  - {{option: first, when: old}}
  - {{option: second}}
"""


def chosen(write, given: str, rows: str):
    rulebook, _ = resolve("a@1", [write("a@1", CHOICE)])
    case = parse_yaml(f"{{id: c, given: {{{given}}}, tables: {{site: [{rows}]}}}}", "case")
    return case_evaluation(rulebook, case).value("way")


def test_a_missing_datum_never_becomes_the_next_option(write) -> None:
    value = chosen(
        write,
        "applies-here: 'true'",
        "{id: a, size: 9, old: 'true'}, {id: b, size: 9, old: 'false'}, {id: c, size: 9}, "
        "{id: d, size: 1}, {id: e}",
    )
    assert value.data[:2].tolist() == ["first", "second"]
    assert value.state.tolist() == [0, 0, MISSING, NOT_APPLICABLE, MISSING]
    assert value.why == {"site.old", "site.size"}


def test_whether_a_choice_applies_may_itself_be_unknown(write) -> None:
    value = chosen(write, "", "{id: a, size: 9, old: 'true'}, {id: b, size: 1}")
    assert value.state.tolist() == [MISSING, NOT_APPLICABLE]
    assert value.why == {"parameters.applies_here"}


def test_where_a_choice_does_not_apply_its_clause_says_so(write) -> None:
    value = chosen(write, "applies-here: 'false'", "{id: a, size: 9, old: 'true'}")
    assert value.state.tolist() == [NOT_APPLICABLE]
    assert value.why == {"a@1#way"}


def test_an_undecided_allocation_names_the_datum_and_gives_no_number() -> None:
    rulebook, _ = resolve("test.product@2025", [ROOT / "tests" / "packs"])
    case = next(c for c in rulebook.pack.cases if c["id"] == "allocation-undecided")
    evaluation = case_evaluation(rulebook, case)  # type: ignore[arg-type]
    footprint = evaluation.value("footprint")
    assert footprint.state == MISSING and footprint.data is None
    assert any("price" in w for w in footprint.why)


def test_an_option_that_nobody_knows(write) -> None:
    rulebook, _ = resolve("a@1", [write("a@1", CHOICE)])
    evaluation = case_evaluation(rulebook, parse_yaml("{id: c}", "case"))
    with pytest.raises(TanbiaoError) as caught:
        evaluation.under({"way": "third"}).value("way")
    assert caught.value.problems[0].code == "option-unknown"
    with pytest.raises(TanbiaoError):
        evaluation.under({"nothing": "third"})
