"""How packs lie over one another: filled, replaced, shared; refused with a place, in both languages."""

from pathlib import Path

import pytest

from tanbiao.core.errors import Problem, TanbiaoError
from tanbiao.standards import find_packs, resolve
from tanbiao.standards.lint import lint

T = "text: {zh: 文字, en: text}"
BASE = f"""- {{id: limit, kind: define, open: pack, unit: "%", {T}}}
- {{id: mass, kind: given, unit: kg, {T}}}
- {{id: small, kind: check, formula: mass < q("1 kg"), {T}}}
"""


def refused(root: Path, name: str) -> Problem:
    """The first error of resolving `name`; it must be told in both languages, with nothing left open."""
    with pytest.raises(TanbiaoError) as caught:
        resolve(name, [root])
    problem = next(p for p in caught.value.problems if p.level == "error")
    told(problem)
    return problem


def told(problem: Problem) -> None:
    for lang in ("zh", "en"):
        for part in ("title", "what", "fix"):
            assert problem.part(part, lang), (problem.code, part, lang)  # type: ignore[arg-type]
        assert "{" not in problem.text(lang)  # type: ignore[arg-type]


def test_open_value_is_filled_by_a_lower_layer(write) -> None:
    write("base@1", BASE)
    root = write("low@1", '- {fills: base@1#limit, value: "2 %"}', ["base@1"])
    rulebook, problems = resolve("low@1", [root])
    assert problems == []
    assert rulebook.clauses["limit"].address == "low@1#limit"
    assert rulebook.clauses["limit"].value.number() == 2
    assert rulebook.by_address("base@1#limit") is rulebook.clauses["limit"]


def test_rule_is_replaced_by_its_address(write) -> None:
    write("base@1", BASE)
    root = write(
        "low@1",
        f'- {{id: tiny, kind: check, replaces: base@1#small, formula: mass < q("1 g"), {T}}}',
        ["base@1"],
    )
    rulebook, _ = resolve("low@1", [root])
    assert rulebook.clauses["small"].id == "tiny"
    assert rulebook.by_address("base@1#small").address == "low@1#tiny"


def test_replacing_what_was_replaced_keeps_every_address(write) -> None:
    write("base@1", BASE)
    write("mid@1", '- {fills: base@1#limit, value: "2 %"}', ["base@1"])
    root = write(
        "low@1",
        f'- {{id: limit, kind: define, replaces: mid@1#limit, unit: "%", value: "3 %", {T}}}',
        ["mid@1"],
    )
    rulebook, _ = resolve("low@1", [root])
    for address in ("base@1#limit", "mid@1#limit", "low@1#limit"):
        assert rulebook.by_address(address).value.number() == 3


def test_diamond_resolves_its_top_once(write) -> None:
    write("base@1", BASE)
    write("left@1", '- {fills: base@1#limit, value: "2 %"}', ["base@1"])
    write("right@1", f'- {{id: other, kind: define, unit: "%", value: "7 %", {T}}}', ["base@1"])
    root = write("low@1", "[]", ["left@1", "right@1"])
    rulebook, problems = resolve("low@1", [root])
    assert [p.name for p in rulebook.packs] == ["base@1", "left@1", "right@1", "low@1"]
    assert problems == [] and lint(rulebook) == []


def test_two_layers_that_fill_the_same_value_conflict(write) -> None:
    write("base@1", BASE)
    write("left@1", '- {fills: base@1#limit, value: "2 %"}', ["base@1"])
    write("right@1", '- {fills: base@1#limit, value: "3 %"}', ["base@1"])
    problem = refused(write("low@1", "[]", ["left@1", "right@1"]), "low@1")
    assert problem.code == "clause-conflict"
    assert {problem.args["a"], problem.args["b"]} == {"left@1#limit", "right@1#limit"}
    assert str(problem.place).endswith("right/1/clauses/1.yaml:1")


def test_two_clauses_of_one_name_conflict(write) -> None:
    write("left@1", f'- {{id: x, kind: define, value: "1", {T}}}')
    write("right@1", f'\n\n- {{id: x, kind: define, value: "2", {T}}}')
    problem = refused(write("low@1", "[]", ["left@1", "right@1"]), "low@1")
    assert problem.code == "clause-conflict"
    assert {problem.args["a"], problem.args["b"]} == {"left@1#x", "right@1#x"}
    assert str(problem.place).endswith("right/1/clauses/1.yaml:3")


def test_two_tables_of_one_name_conflict(write) -> None:
    table = "id,v,source\ntext,,text\na,1,here\n"
    write("left@1", f"- {{id: t, kind: table, table: t, {T}}}", tables={"t": table})
    write("right@1", f"- {{id: g, kind: grade, style: first_met, table: t, {T}}}", tables={"t": table})
    assert refused(write("low@1", "[]", ["left@1", "right@1"]), "low@1").code == "clause-conflict"


def test_packs_that_build_on_each_other_are_a_cycle(write) -> None:
    write("a@1", "[]", ["b@1"])
    problem = refused(write("b@1", "[]", ["a@1"]), "a@1")
    assert problem.code == "pack-cycle"
    assert problem.args["path"] == "a@1 → b@1 → a@1"
    assert str(problem.place).endswith("b/1/pack.yaml:6:builds_on")


def test_a_pack_that_nobody_has(write) -> None:
    problem = refused(write("a@1", "[]", ["nobody@1"]), "a@1")
    assert problem.code == "pack-unknown"
    assert str(problem.place).endswith("a/1/pack.yaml:6:builds_on")


def test_a_mistyped_pack_is_answered_with_names_like_it(write) -> None:
    write("cn.steel@2019", "[]")
    folder = write("cn.steel@2024", "[]")
    write("eu.battery@1", "[]")
    assert refused(folder, "cn.steel").args["near"] == "cn.steel@2019, cn.steel@2024"
    assert refused(folder, "eu.batery@1").args["near"] == "eu.battery@1"


def test_two_revisions_of_one_pack_are_refused(write) -> None:
    write("base@1", BASE, revision=2)
    write("base@1", BASE, revision=1, released=True)
    write("old@1", f'- {{id: y, kind: define, value: "1", {T}}}', ["base@1+1"])
    problem = refused(write("low@1", "[]", ["base@1", "old@1"]), "low@1")
    assert problem.code == "pack-revisions"
    assert {problem.args["a"], problem.args["b"]} == {"base@1+1", "base@1+2"}
    assert str(problem.place).endswith("old/1/pack.yaml:6:builds_on")


def test_a_released_revision_stays_loadable(write) -> None:
    write("base@1", BASE, revision=2)
    root = write("base@1", BASE, revision=1, released=True)
    assert {"base@1", "base@1+1", "base@1+2"} == set(find_packs([root]))
    assert resolve("base@1+1", [root])[0].pack.revision == 1
    assert resolve("base@1", [root])[0].pack.revision == 2


@pytest.mark.parametrize(
    ("clauses", "code"),
    [
        ('- {fills: base@1#nothing, value: "2 %"}', "clause-target"),
        ('- {fills: base@1#small, value: "2 %"}', "clause-not-open"),
        ('- {fills: base@1#limit, value: "2 kg"}', "dimension-mismatch"),
        ("- {id: x, kind: rule}", "clause-kind"),
        (f'- {{id: x, kind: define, value: "1", colour: red, {T}}}', "clause-key"),
        (f"- {{id: x, kind: define, {T}}}", "clause-needs"),
        ('- {id: x, kind: define, value: "1", text: {zh: 文字}}', "clause-text"),
        ('- {id: x, kind: define, value: "1"}', "clause-text"),
        (f'- {{id: x, kind: define, value: "1", review: sure, {T}}}', "clause-review"),
        (f"- {{id: x, kind: check, formula: true, severity: maybe, {T}}}", "clause-severity"),
        (f'- {{id: x, kind: define, value: "1", unit: furlong, {T}}}', "unit-unknown"),
        (f"- {{id: x, kind: define, formula: 1 +, {T}}}", "formula-syntax"),
        (f"- {{id: x, kind: table, table: nowhere, {T}}}", "table-missing"),
        (
            f'- {{id: x, kind: define, value: "1", {T}}}\n- {{id: x, kind: define, value: "2", {T}}}',
            "clause-twice",
        ),
        (f"- {{id: x, kind: publish, of: limit, round: roughly, {T}}}", "clause-round"),
        (f'- {{id: "x y", kind: define, value: "1", {T}}}', "clause-id"),
    ],
)
def test_every_fault_of_form_has_its_place(write, clauses: str, code: str) -> None:
    write("base@1", BASE)
    problem = refused(write("low@1", clauses, ["base@1"]), "low@1")
    assert problem.code == code
    assert problem.place.file.endswith("low/1/clauses/1.yaml") and problem.place.row


def test_all_faults_are_collected(write) -> None:
    root = write(
        "low@1", f"- {{id: x, kind: define, {T}}}\n- {{id: y, kind: rule}}\n- {{id: z, kind: check, {T}}}"
    )
    with pytest.raises(TanbiaoError) as caught:
        resolve("low@1", [root])
    assert [(p.code, p.place.row) for p in caught.value.problems] == [
        ("clause-needs", 1),
        ("clause-kind", 2),
        ("clause-needs", 3),
    ]


def test_a_table_must_say_where_it_is_from(write) -> None:
    root = write("a@1", f"- {{id: t, kind: table, table: t, {T}}}", tables={"t": "id,v\ntext,kg\na,1\n"})
    problem = refused(root, "a@1")
    assert (problem.code, str(problem.place)) == ("table-source", str(problem.place))
    assert problem.place.file.endswith("a/1/tables/t.csv") and problem.place.row == 1


def test_the_digest_sees_content_and_not_layout(write) -> None:
    root = write("a@1", f'- {{id: x, kind: define, value: "1", {T}}}')
    first = resolve("a@1", [root])[0].pack.digest
    write("a@1", f'# a remark\n- id: x\n  kind: define\n  value: "1"\n  {T}\n')
    assert resolve("a@1", [root])[0].pack.digest == first
    write("a@1", f'- {{id: x, kind: define, value: "1.0", {T}}}')
    assert resolve("a@1", [root])[0].pack.digest != first
