"""Constructed plants end to end: grades, dates, blockers, the cheapest path, and what must never happen."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import tanbiao.service as service
from tanbiao.cli.app import app
from tanbiao.core.errors import TanbiaoError
from tanbiao.core.text import Node
from tanbiao.evaluate import Evaluation, Ledger, Result, resolve_facts
from tanbiao.evaluate.balance import balances
from tanbiao.evaluate.grade.graded import Graded
from tanbiao.evaluate.improve import improve, improvements
from tanbiao.evaluate.measures import Action, actions_of, changed
from tanbiao.exchange.workbook import write_study
from tanbiao.service import Run
from tanbiao.service.measures import register
from tanbiao.service.places import Places
from tanbiao.service.recp import recp
from tanbiao.service.run import LoadedStudy
from tanbiao.study import Study
from tests.clean_production.plants import ROOT, run_of


def with_head(study: Study, **values: str) -> Study:
    head = study.head
    return replace(
        study,
        head=Node(head.file, head.line, {**{k: head[k] for k in head}, **values}, dict.fromkeys(head, 1)),
    )


def result_of(run: Run, pack: str) -> Result:
    return next(r for r in run.results if r.rulebook.pack.name == pack)


def graded(study: Study, result: Result, name: str = "level") -> Graded:
    facts, _ = resolve_facts(study, result.rulebook, study.tables)
    evaluation = Evaluation(result.rulebook, facts, result.evaluation.background, Ledger())
    evaluation.value(name)
    found = evaluation.grades[name]
    assert isinstance(found, Graded)
    return found


# -- the date of judgement -------------------------------------------------------------------------


def test_steel_judged_in_august_2026_gets_its_energy_grades(steel: Run) -> None:
    energy = result_of(steel, "cn.gb-21256@2025").published[0]
    assert energy.grade is not None
    assert dict(energy.grade.rows) | {} == dict(energy.grade.rows)
    assert {k: energy.grade.rows[k] for k in ("sinter", "blast-furnace", "converter")} == {
        "sinter": None,
        "blast-furnace": "3",
        "converter": "3",
    }
    assert energy.published == "none"


def test_steel_judged_in_january_2025_is_not_evaluable_and_names_the_edition(steel: Run) -> None:
    study = with_head(steel.study, as_of="2025-01-31")
    run = LoadedStudy(study, (), Places()).run(["cn.gb-21256@2025"])
    level, finding = run.results[0].published[0], run.results[0].findings[0]
    missing = "cn.gb-21256@2025#edition-before-21256-2025"
    assert (level.published, level.missing) == ("—", (missing,))
    limit = next(f for f in run.results[0].findings if f.clause.endswith("within-level-3"))
    assert (limit.verdict, limit.missing) == ("not_evaluable", (missing,))
    clause = run.results[0].rulebook.by_address(missing)
    assert clause is not None and "2026-07-01" in clause.text.en
    assert finding is not None


def test_no_official_table_gives_a_level(steel: Run) -> None:
    for name in ("steel-works", "cement-plant", "chlor-alkali-plant", "pcb-plant"):
        for result in run_of(name).results:
            pack = result.rulebook.pack
            if pack.id.startswith("cn.cp-"):
                level = next(p for p in result.published if p.name == "level")
                assert level.published == "—" and "weights-and-baselines" in level.missing[0]
            elif any(p.grade and p.grade.style in ("membership", "ratio") for p in result.published):
                assert pack.status == "constructed" and run_of(name).study.constructed


# -- the cases of the reference --------------------------------------------------------------------


def test_the_printed_circuit_boards_of_2022() -> None:
    result = run_of("pcb-plant").results[0]
    each = next(p.grade for p in result.published if p.name == "level_of_each")
    process = next(p.grade for p in result.published if p.name == "process_category")
    assert each is not None and process is not None
    assert {k: v[0] for k, v in process.index.items()} == {"I": 15, "II": 55, "III": 100}
    wanted = {
        "power-rigid-single": "II",
        "power-rigid-double": None,
        "water-double": "III",
        "waste-water-single": None,
        "laminate-rigid-single": "II",
        "laminate-rigid-double": "I",
    }
    assert {k: each.rows[k] for k in wanted} == wanted


def test_the_steel_works_of_january_2025(steel: Run) -> None:
    each = result_of(steel, "cn.cp-steel-integrated@2014").published[0].grade
    assert each is not None
    wanted = {
        "sinter-energy": "III",
        "fuel-ratio": "III",
        "hot-blast": None,
        "converter-energy": "II",
        "metallic-charge": "II",
        "yield-hot": "III",
        "conformity": "I",
        "sinter-size": "III",
        "furnace-size": None,
        "converter-size": None,
    }
    assert {k: each.rows[k] for k in wanted} == wanted
    failing = {
        f.clause.partition("#")[2]
        for f in result_of(steel, "cn.cp-steel-integrated@2014").findings
        if f.verdict == "fail"
    }
    assert failing == {"coal-rate-below-fuel-ratio", "reported-sinter-conformity-low"}


# -- missing and not applicable --------------------------------------------------------------------


def test_missing_is_not_inapplicable(steel: Run) -> None:
    result = steel.results[0]
    table = steel.study.tables["indicator_state"]

    def state(word: str, reason: str) -> Graded:
        columns = {
            k: (*v, {"id": "dust", "state": word, "reason": reason}.get(k, ""))
            for k, v in table.columns.items()
        }
        grown = replace(table, columns=columns, lines=(*table.lines, 99))
        return graded(replace(steel.study, tables={**steel.study.tables, "indicator_state": grown}), result)

    missing = state("missing", "")
    assert missing.index["II"] == (45, 53) and missing.index["III"] == (92, 100)
    assert (missing.worst, missing.best) == (None, "III")
    apart = state("not_applicable", "no dust source")
    assert apart.index["III"] == (100, 100) and apart.weights["dust"] == 0
    silent = state("not_applicable", "")
    assert silent.index["III"] == (92, 100), "without a reason it counts as missing"


# -- the cheapest path -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pack", "grade"),
    [
        ("cement-plant", "example.cement-index@2026", "level"),
        ("cement-plant", "cn.gb-16780@2021", "cement_level"),
        ("steel-works", "cn.gb-21256@2025", "level"),
        ("chlor-alkali-plant", "example.chlor-alkali-index@2026", "level"),
    ],
)
def test_the_path_is_the_cheapest_of_all_sets(name: str, pack: str, grade: str) -> None:
    run = run_of(name)
    result = result_of(run, pack)
    clause = result.rulebook.clauses[grade]
    now = next(p.grade for p in result.published if p.name == grade)
    assert now is not None
    found = improve(run.study, result, clause, now)
    assert found is not None
    levels = list(now.thresholds)
    touching = list(actions_of(run.study))
    costs = []
    for size in range(len(touching) + 1):
        for chosen in combinations(touching, size):
            ids = {a.id for a in chosen}
            if any(a.excludes & (ids - {a.id}) for a in chosen):
                continue
            cost = sum((a.investment for a in chosen), Fraction(0))
            if costs and cost >= min(costs):
                continue
            after = graded(changed(run.study, chosen), result, grade)
            if after.worst in levels and levels.index(after.worst) <= levels.index(found.target):
                costs.append(cost)
    assert (found.path.cost if found.path else None) == (min(costs) if costs else None)


def test_what_blocks_the_next_level_is_told_in_physical_units(cement: Run) -> None:
    found = next(i for i in improvements(cement.study, cement.results[0]))
    gaps = {
        b.row.id: (b.veto, float(b.limit.lacks))
        for b in found.blockers
        if b.limit and b.limit.lacks is not None
    }
    assert gaps == {
        "nox": (True, pytest.approx(0.05)),
        "cement-power": (False, pytest.approx(1)),
        "water-use": (False, pytest.approx(0.05)),
    }
    assert found.path is not None and [a.id for a in found.path.actions] == ["m2", "m3", "m4"]
    assert found.robust is not None and found.robust.cost > found.path.cost
    data = cement.data()["improvements"][0]
    assert data["cheapest"]["measures"] == ["m2", "m3", "m4"] and data["blockers"][0]["gap"] == pytest.approx(
        0.05
    )


def test_measures_that_exclude_one_another_are_not_both_taken(steel: Run) -> None:
    found = improvements(steel.study, steel.results[0])[0]
    assert found.path is not None
    taken = {a.id for a in found.path.actions}
    assert not {"m5", "m6"} <= taken and found.path.level == "II"


def test_a_measure_on_a_datum_that_is_not_there_is_refused(cement: Run) -> None:
    effect = cement.study.tables["effect"]
    wrong = {**effect.columns, "datum": ("plant.nothing", *effect.columns["datum"][1:])}
    study = replace(cement.study, tables={**cement.study.tables, "effect": replace(effect, columns=wrong)})
    with pytest.raises(TanbiaoError) as caught:
        changed(study, actions_of(study))
    assert caught.value.problems[0].code == "measure-datum"


# -- laws over facts -------------------------------------------------------------------------------


def test_the_order_of_rows_changes_nothing(steel: Run) -> None:
    shuffle = random.Random(3)
    tables = {}
    for name, table in steel.study.tables.items():
        order = list(range(len(table)))
        shuffle.shuffle(order)
        tables[name] = replace(
            table,
            columns={k: tuple(v[i] for i in order) for k, v in table.columns.items()},
            lines=tuple(table.lines[i] for i in order),
        )
    mixed = replace(steel.study, tables=tables)
    for result in steel.results[:2]:
        before, after = graded(steel.study, result), graded(mixed, result)
        assert (before.index, before.rows, before.worst) == (after.index, after.rows, after.worst)


def test_the_unit_of_a_datum_changes_nothing(cement: Run) -> None:
    head = cement.study.head
    plant = Node(
        head.file,
        1,
        {
            **{k: head["plant"][k] for k in head["plant"]},
            "clinker_output": "1500000000 kg",
            "coal_heating_value": "22600 kJ/kg",
            "cement_electricity": "62000 MWh",
        },
        {},
    )
    for result in cement.results[:1]:
        before, after = graded(cement.study, result), graded(with_head(cement.study, plant=plant), result)  # type: ignore[arg-type]
        assert (before.index, before.rows) == (after.index, after.rows)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["m2", "m3", "m4", "m5", "m6"]), st.integers(1, 5))
def test_better_data_never_lower_the_level(measure: str, times: int) -> None:
    """Every measure here only lowers what lower is better of."""
    run = run_of("cement-plant")
    action: Action = next(a for a in actions_of(run.study) if a.id == measure)
    before = graded(run.study, run.results[0])
    after = graded(changed(run.study, [action] * times), run.results[0])
    order = [*before.thresholds, None]
    assert order.index(after.worst) <= order.index(before.worst)
    assert all(after.index[k][0] >= before.index[k][0] for k in before.index)


# -- workbook in -----------------------------------------------------------------------------------


def test_a_workbook_gives_the_same_levels(plant: Run, tmp_path: Path) -> None:
    target = tmp_path / "plant.xlsx"
    write_study(plant.study, target)
    again = service.load(target).run()
    for before, after in zip(plant.results, again.results, strict=True):
        assert [(p.name, p.published) for p in before.published] == [
            (p.name, p.published) for p in after.published
        ]


# -- balances --------------------------------------------------------------------------------------


def test_balances_close_or_say_so(steel: Run) -> None:
    water, metal = balances(steel.study)
    assert float(water.error or 0) == pytest.approx(100_000 / 3_900_000) and not water.open
    assert metal.unit == "t" and float(metal.error or 0) == pytest.approx(23_720 / 1_085_720)


def test_an_open_balance_is_pointed_out(steel: Run) -> None:
    table = steel.study.tables["balance_item"]
    cells = tuple(
        "2000 kt" if i == "w2" else a for i, a in zip(table.ids, table.columns["amount"], strict=True)
    )
    broken = replace(table, columns={**table.columns, "amount": cells})
    with pytest.raises(TanbiaoError):
        balances(replace(steel.study, tables={**steel.study.tables, "balance_item": broken}))
    cells = tuple("1000" if i == "w2" else a for i, a in zip(table.ids, table.columns["amount"], strict=True))
    loose = replace(table, columns={**table.columns, "amount": cells})
    assert balances(replace(steel.study, tables={**steel.study.tables, "balance_item": loose}))[0].open


def test_examples_lie_where_they_should() -> None:
    assert (ROOT / "examples" / "steel-works" / "expected.yaml").is_file()


def test_recp_indicators_are_an_extra_of_the_same_data(steel: Run) -> None:
    found = {i.name: i for i in recp(steel.study)}
    assert found["water"].value == Fraction(1_000_000, 3_900_000) and found["water"].unit == "t/m3"
    assert found["waste_water"].value == Fraction(142, 100) and found["waste_water"].kind == "intensity"
    assert found["ghg"].value is None


def test_recp_indicators_are_written_by_export(tmp_path: Path) -> None:
    out = tmp_path / "recp.csv"
    done = CliRunner().invoke(
        app, ["export", str(ROOT / "examples" / "steel-works"), "--to", "recp", "--out", str(out), "--json"]
    )
    assert done.exit_code == 0, done.output
    lacking = [x["field"] for x in json.loads(done.output)["losses"]]
    assert lacking == ["plant.recp.materials", "plant.recp.ghg"]
    rows = {r["indicator"]: r for r in csv.DictReader(out.read_text(encoding="utf-8").splitlines())}
    assert rows["waste_water"] == {
        "indicator": "waste_water",
        "kind": "intensity",
        "value": "1.42",
        "unit": "m3/t",
    }
    assert rows["ghg"]["value"] == ""


def test_the_register_of_measures_has_its_141_names_in_both_languages() -> None:
    entries = register()
    assert len(entries) == 141 and all(e.name.zh and e.name.en and e.type for e in entries)
    assert [e.id for e in register(["steel", "trough"])] == ["ST014"]
