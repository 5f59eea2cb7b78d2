"""What a pack is refused for before any facts are seen: bases, dimensions, cycles, tables of grades."""

from pathlib import Path

import pytest

from tanbiao.core.errors import Problem
from tanbiao.standards import resolve
from tanbiao.standards.lint import lint

ROOT = Path(__file__).parents[2]
PACKS = ROOT / "packs"
T = "text: {zh: 文字, en: text}"


def problems(root: Path, name: str = "a@1") -> list[Problem]:
    rulebook, _ = resolve(name, [root, PACKS])
    found = lint(rulebook)
    for problem in found:
        assert problem.place.file and problem.place.row
        for lang in ("zh", "en"):
            assert problem.part("what", lang) and "{" not in problem.text(lang)  # type: ignore[arg-type]
    return found


def codes(root: Path, name: str = "a@1") -> list[str]:
    return [p.code for p in problems(root, name)]


# -- what the families of standards must refuse ----------------------------------------------------


def test_share_of_pack_mass_is_not_compared_with_a_recycling_target(write) -> None:
    """54.40, 54.70 and 41.04 % are shares of pack mass, not the legal efficiency: comparing is refused."""
    root = write(
        "a@1",
        f"- {{id: wrong, kind: check, formula: share_of_pack_mass >= efficiency_target, {T}}}",
        ["eu.2025-606@2025"],
    )
    found = problems(root)
    assert [p.code for p in found] == ["basis-mismatch"]
    assert found[0].clause == "a@1#wrong" and found[0].place.row == 1
    assert "per: pack_mass" in found[0].text("en") and "per: input_fraction" in found[0].text("zh")


def test_the_predecessors_efficiency_is_not_compared_with_the_new_target(write) -> None:
    root = write(
        "a@1",
        f"- {{id: wrong, kind: check, formula: efficiency_493 >= efficiency_target, {T}}}",
        ["eu.2025-606@2025"],
    )
    assert codes(root) == ["basis-mismatch"]


def test_a_design_rate_is_not_a_recycling_rate(write) -> None:
    """ISO 22628 gives a design rate; a loop that wants what a recycler gets out refuses it."""
    root = write(
        "a@1",
        f"""
- {{id: R2, kind: given, unit: "%", basis: {{point: recycler_output, per: input_fraction}}, {T}}}
- id: wrong
  kind: define
  unit: "%"
  basis: {{point: design, per: vehicle_mass}}
  formula: (1 - R2) * Rcyc
  {T}
- {{id: worse, kind: check, formula: Rcyc == R2, {T}}}
""",
        ["int.iso-22628@2002"],
    )
    assert codes(root) == ["basis-mismatch", "basis-mismatch"]


@pytest.mark.parametrize(
    "formula",
    [
        "clinker_energy + clinker_energy_equivalent",
        "clinker_coal_energy + clinker_power * electricity_equivalent",
        "clinker_coal + clinker_power * electricity_calorific",
    ],
)
def test_electricity_counted_two_ways_is_not_added(write, formula: str) -> None:
    root = write(
        "a@1",
        f"""
- {{id: wrong, kind: define, unit: kgce/t, basis: {{electricity: calorific}}, formula: {formula}, {T}}}
""",
        ["cn.gb-16780@2021"],
    )
    assert codes(root) == ["basis-mismatch"]


def test_a_limit_for_calorific_electricity_is_not_met_by_the_equivalent(write) -> None:
    root = write(
        "a@1",
        f"- {{id: wrong, kind: grade, style: first_met, table: t, levels: {{A: 0}}, {T}}}",
        ["cn.gb-16780@2021"],
        tables={
            "t": (
                "id,value,unit,basis,A,source\ntext,text,text,text,predicate,text\n"
                "e,clinker_energy_equivalent,kgce/t,electricity: calorific,<= 100,here\n"
            )
        },
    )
    found = problems(root)
    assert [p.code for p in found] == ["basis-mismatch"]
    assert str(found[0].place).endswith("a/1/tables/t.csv:3:basis")


def test_a_limit_must_say_its_basis_where_the_quantity_has_one(write) -> None:
    root = write(
        "a@1",
        f"- {{id: wrong, kind: grade, style: first_met, table: t, levels: {{A: 0}}, {T}}}",
        ["cn.gb-16780@2021"],
        tables={
            "t": (
                "id,value,unit,A,source\ntext,text,text,predicate,text\ne,clinker_energy,kgce/t,<= 100,here\n"
            )
        },
    )
    assert codes(root) == ["basis-mismatch"]


# -- formulas --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clauses", "code"),
    [
        ("- {id: x, kind: define, unit: kg, formula: nothing * 2, T}", "name-unknown"),
        (
            "- {id: m, kind: given, unit: kg, T}\n"
            "- {id: x, kind: define, unit: kg, formula: m + q('1 kWh'), T}",
            "dimension-mismatch",
        ),
        (
            "- {id: m, kind: given, unit: kg, T}\n- {id: x, kind: define, unit: kWh, formula: m * 2, T}",
            "clause-type",
        ),
        ("- {id: m, kind: given, unit: kg, T}\n- {id: x, kind: check, formula: m * 2, T}", "kind-mismatch"),
        (
            "- {id: m, kind: given, unit: kg, basis: {mass: dry}, T}\n"
            "- {id: x, kind: define, unit: kg, formula: m, T}",
            "clause-type",
        ),
        ("- {id: x, kind: define, formula: y, T}\n- {id: y, kind: define, formula: x, T}", "clause-cycle"),
        ("- {id: x, kind: publish, of: nothing, round: 1 decimals, T}", "clause-of"),
        ("- {id: m, kind: given, unit: kg, T}\n- {id: x, kind: publish, of: m, unit: kg, T}", "clause-needs"),
        ("- {id: x, kind: check, for: nowhere, formula: true, T}", "clause-of"),
        ("- {id: x, kind: define, unit: kg, formula: exchange.mass, T}", "table-mismatch"),
        ("- {id: x, kind: define, options: {nothing: a}, T}", "clause-of"),
        ("- {id: x, kind: check, formula: 'as_of >= date(\"2026-02-30\")', T}", "date-expected"),
        (
            "- {id: c, kind: given, unit: '%', T}\n"
            "- {id: x, kind: define, unit: kgce/t, in: {c: kg}, formula: 80 + 1.1*(c - 75), T}",
            "dimension-mismatch",
        ),
    ],
)
def test_a_formula_that_cannot_be_right(write, clauses: str, code: str) -> None:
    found = problems(write("a@1", clauses.replace("T}", T + "}")))
    assert [p.code for p in found] == [code]
    assert found[0].place.file.endswith("a/1/clauses/1.yaml")


def test_numeric_value_form_needs_its_declaration(write) -> None:
    """`80 + 1.10*(c - 75)` adds a bare number to a share; with `in:` it is an empirical equation."""
    plain = (
        "- {{id: c, kind: given, unit: '%', {0}}}\n"
        "- {{id: x, kind: define, unit: kgce/t, {1}formula: 80 + 1.10*(c - 75), {0}}}"
    )
    assert codes(write("a@1", plain.format(T, ""))) == ["clause-type"]
    assert codes(write("a@1", plain.format(T, "in: {c: '%'}, "))) == []


def test_a_conversion_clause_alone_changes_a_basis(write) -> None:
    clause = (
        "- {{id: m, kind: given, unit: kg, basis: {{mass: hydrate}}, {0}}}\n"
        "- {{id: x, kind: define, unit: kg, basis: {{mass: anhydrous}}, {1}formula: m * 0.64, {0}}}"
    )
    assert codes(write("a@1", clause.format(T, ""))) == ["clause-type"]
    assert codes(write("a@1", clause.format(T, "converts: [mass], "))) == []


def test_a_cycle_through_a_grade_is_seen(write) -> None:
    root = write(
        "a@1",
        f"""
- {{id: m, kind: given, {T}}}
- {{id: x, kind: define, formula: "m if level == 'A' else 0", {T}}}
- {{id: level, kind: grade, style: first_met, table: t, levels: {{A: 0}}, {T}}}
""",
        tables={"t": "id,value,A,source\ntext,text,predicate,text\nr,x,<= 1,here\n"},
    )
    assert codes(root) == ["clause-cycle"]


# -- the table of a grade --------------------------------------------------------------------------

HEAD = (
    "id,category,category_weight,weight,value,unit,limiting,I,II,source\n"
    "text,text,,,text,text,bool,predicate,predicate,text\n"
)


@pytest.mark.parametrize(
    ("rows", "code", "cell"),
    [
        ("a,c,1,1,nothing,kg,no,<= 1,<= 2,here\n", "name-unknown", "value"),
        ("a,c,1,1,m,kWh,no,<= 1,<= 2,here\n", "dimension-mismatch", "unit"),
        ("a,c,1,1,m,furlong,no,<= 1,<= 2,here\n", "unit-unknown", "unit"),
        ("a,c,1,1,m,kg,no,<= 1 + z,<= 2,here\n", "name-unknown", "I"),
        ("a,c,1,1,m,kg,no,x + 1,<= 2,here\n", "kind-mismatch", "I"),
        ('a,c,1,1,m,kg,no,"== ""yes""",<= 2,here\n', "kind-mismatch", "I"),
        ("a,c,1,0.5,m,kg,no,<= 1,<= 2,here\n", "grade-weights", "weight"),
        ("a,c,0.9,1,m,kg,no,<= 1,<= 2,here\n", "grade-weights", "category_weight"),
    ],
)
def test_a_baseline_that_cannot_be_right(write, rows: str, code: str, cell: str) -> None:
    root = write(
        "a@1",
        f"- {{id: m, kind: given, unit: kg, {T}}}\n"
        f"- {{id: g, kind: grade, style: membership, table: t, levels: {{I: 85, II: 85}}, {T}}}",
        tables={"t": HEAD + rows},
    )
    found = problems(root)
    assert code in [p.code for p in found]
    assert str(next(p for p in found if p.code == code).place).endswith(
        f"a/1/tables/t.csv:{1 if 'weight' in cell else 3}:{cell}"
    )


def test_a_grade_lacks_a_column(write) -> None:
    root = write(
        "a@1",
        f"- {{id: m, kind: given, {T}}}\n"
        f"- {{id: g, kind: grade, style: membership, table: t, levels: {{I: 85, II: 85}}, {T}}}",
        tables={"t": "id,value,I,source\ntext,text,predicate,text\na,m,<= 1,here\n"},
    )
    assert {p.args["column"] for p in problems(root)} == {"category", "category_weight", "weight", "II"}


def test_three_weights_of_a_third_cannot_be_written_but_three_of_015_sum_exactly(write) -> None:
    rows = "".join(f"{i},c,{'0.45' if i == 'a' else ''},0.15,m,kg,no,<= 1,<= 2,here\n" for i in "abc")
    rows += "d,e,0.55,0.55,m,kg,no,<= 1,<= 2,here\n"
    clauses = (
        f"- {{id: m, kind: given, unit: kg, {T}}}\n- {{id: g, kind: grade, style: membership, table: t, "
        f"weight_mode: absolute, levels: {{I: 85, II: 85}}, {T}}}"
    )
    assert codes(write("a@1", clauses, tables={"t": HEAD + rows})) == []
    assert codes(write("a@1", clauses, tables={"t": HEAD + rows.replace("0.15", "0.3333333333")})) == [
        "grade-weights"
    ]


def test_review_marks_of_table_rows_are_known_words(write) -> None:
    root = write(
        "a@1",
        f"- {{id: t, kind: table, table: t, {T}}}",
        tables={"t": "id,v,review,source\ntext,kg,text,text\na,1,certain,here\n"},
    )
    assert codes(root) == ["clause-review"]
