"""Uncertain studies: known moments, the fast way tells what full evaluations tell, nothing is dropped in silence."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tanbiao.core.errors import TanbiaoError, raise_errors
from tanbiao.core.text import parse_yaml
from tanbiao.evaluate import Background, Ledger, Result, evaluate_rulebook, resolve_facts
from tanbiao.evaluate.drawn import drawn_facts, evaluated
from tanbiao.evaluate.ensemble import Ensembled, ensemble
from tanbiao.evaluate.uncertain import sources_of, study_draws
from tanbiao.study import Study
from tests.small import Rows, provider, rulebook, table

VALUES = {"a": 2.0, "b": 0.5}
HEAD = """schema: 1
subject: product
as_of: 2026-01-01
salt: s
packs: [test.product@2025]
reference: {process: p0, amount: 1 kg}
"""


def made(exchange: Rows, head: str = HEAD, values: dict[str, float] = VALUES) -> tuple[Study, Result]:
    book = rulebook()
    processes = list(dict.fromkeys(str(r["process"]) for r in exchange))
    tables = {
        "process": [{"id": p, "control": "none", "key": "mass", "subdivision": "false"} for p in processes],
        "exchange": exchange,
    }
    study = Study(parse_yaml(head, "study.yaml"), {n: table(n, r) for n, r in tables.items()}, Path("."))
    facts, problems = resolve_facts(study, book)
    raise_errors(problems)
    background = Background({i: provider(i, v) for i, v in values.items()}, {}, "test")
    return study, evaluate_rulebook(book, facts, background, Ledger())


def row(
    id_: str, process: str, direction: str, amount: float, who: str = "", **more: Any
) -> dict[str, object]:
    return {
        "id": id_,
        "process": process,
        "direction": direction,
        "flow": f"f-{process}" if direction == "product" else id_,
        "amount": amount,
        "unit": "kg",
        "provider": who,
        **more,
    }


def chain(sigma: float = 0.2) -> list[dict[str, object]]:
    """1 kg of p0 takes 2 kg of p1 (uncertain), which emits 3 × 2 (uncertain): 12, and 1 kg of b: 0.5."""
    gsd = f"{np.exp(sigma):.15g}"
    return [
        row("x0", "p0", "product", 1),
        row("x1", "p0", "input", 2, "p1", distribution="lognormal", spread=gsd),
        row("x2", "p0", "input", 1, "b"),
        row("x3", "p1", "product", 1),
        row("x4", "p1", "input", 3, "a", distribution="lognormal", spread=gsd),
    ]


def run(exchange: Rows, samples: int = 4000, seed: int = 1, head: str = HEAD) -> Ensembled:
    return ensemble(*made(exchange, head), samples, seed)


@pytest.mark.parametrize("seed", [1, None])
def test_the_moments_of_a_chain_are_the_analytic_ones(seed: int | None) -> None:
    seed = int(np.random.SeedSequence().entropy % 2**62) if seed is None else seed  # type: ignore[operator]
    n, v = 6400, 2 * 0.2**2
    e = run(chain(), n, seed)
    mean, deviation = 0.5 + 12 * np.exp(v / 2), 12 * np.sqrt(np.expm1(v) * np.exp(v))
    assert not e.exact
    assert e.static == pytest.approx(12.5)
    assert e.at_means == pytest.approx(mean)
    assert e.mean == pytest.approx(mean, abs=5 * deviation / np.sqrt(n))
    assert e.error == pytest.approx(deviation / np.sqrt(n), rel=0.1)
    assert e.median == pytest.approx(12.5, rel=0.03)
    assert e.low == pytest.approx(0.5 + 12 * np.exp(-1.96 * np.sqrt(v)), rel=0.05)
    assert e.high == pytest.approx(0.5 + 12 * np.exp(1.96 * np.sqrt(v)), rel=0.05)
    assert e.shares == pytest.approx([0.5, 0.5], abs=0.08)
    assert e.otherwise == 0 and e.checked == 24 and not e.unsolved


def test_every_fast_value_is_that_of_a_full_evaluation() -> None:
    rows = [
        *chain(),
        row("x5", "p1", "input", 0.4, "p0", distribution="triangular", low=0.05, high=0.45),
        row("x6", "p0", "emission", -0.3, "a", distribution="normal", spread=0.2),
        row("x7", "p1", "waste", 1.0, "b", distribution="pert", low=0.5, high=3),
    ]
    rows[0] |= {"distribution": "uniform", "low": 0.9, "high": 1.2}
    study, result = made(rows)
    e = ensemble(study, result, 64, 3)
    assert not e.exact
    draws = study_draws(e.sources, 3)
    for k in (0, 17, 31, 32, 63):
        facts = drawn_facts(
            study, result.rulebook, result.evaluation.facts, e.sources, draws.pack(k // 32)[:, k % 32]
        )
        assert e.values[k] == pytest.approx(
            evaluated(result.evaluation, facts, "footprint_published", True)[0], rel=1e-9
        )


def test_no_spread_gives_the_static_value_and_other_rows_do_not_change_the_draws() -> None:
    assert run(chain(0.0), 40).values == pytest.approx(np.full(40, 12.5))
    first = run(chain(), 64)
    more = [row("x9", "p0", "input", 7, "b"), *reversed(chain()), row("x8", "p1", "input", 0.0, "b")]
    assert run(more, 64).values == pytest.approx(first.values + 3.5)
    longer = run(chain(), 640)
    assert np.array_equal(longer.values[:64], first.values)
    assert not np.allclose(run(chain(), 64, seed=2).values, first.values)


def test_shares_that_follow_amounts_are_evaluated_in_full() -> None:
    rows = [
        row("x0", "p0", "product", 1, price=1, mass=1, distribution="lognormal", spread=1.3),
        row("y0", "p0", "product", 2, price=1, mass=1),
        row("x1", "p0", "input", 4, "a"),
    ]
    rows[1]["flow"] = "other"
    e = run(rows, 48, head=HEAD.replace("process: p0", "process: p0, flow: f-p0"))
    assert e.exact
    amounts = e.values  # 1 kg of p0's product carries 8 / (x + 2) whatever x is: by mass
    assert (amounts > 0).all() and amounts.std() > 0
    assert amounts.max() < 8 / 2


def test_a_draw_that_decides_otherwise_is_counted_and_its_value_keeps_the_static_decision() -> None:
    """Economic allocation where the dearest price is more than five times the cheapest, else by mass."""
    rows = [
        row("x0", "p0", "product", 1, price=4.9, mass=1),
        row("y0", "p0", "product", 1, price=1, mass=1),
        row("x1", "p0", "input", 4, "a", distribution="lognormal", spread=1.3),
    ]
    rows[1]["flow"] = "other"
    study, result = made(rows, HEAD.replace("process: p0", "process: p0, flow: f-p0"))
    e = ensemble(study, result, 64, 1)
    assert (e.checked, e.otherwise) == (24, 0)
    price = result.evaluation.facts.tables["exchange"].columns["price"].data
    price[0] *= 2  # as if the draws moved it: every draw decides otherwise, no value changes
    again = ensemble(study, result, 64, 1)
    assert again.otherwise == 24
    assert again.values == pytest.approx(e.values)


def test_draws_without_a_value_are_listed_with_their_reason() -> None:
    rows = [
        row("x0", "p0", "product", 1),
        row("x1", "p0", "input", 0.8, "p1", distribution="lognormal", spread=1.3),
        row("x3", "p1", "product", 1),
        row("x4", "p1", "input", 0.9, "p0"),
        row("x5", "p1", "input", 1, "a"),
    ]
    e = run(rows, 320)
    assert 20 < len(e.unsolved) < 160
    assert all("← " in why and "ρ" in why for _, why in e.unsolved)
    assert np.isnan(e.values[[k for k, _ in e.unsolved]]).all()
    assert np.isfinite(np.delete(e.values, [k for k, _ in e.unsolved])).all()


def test_the_ledger_holds_root_seed_n_and_sampler() -> None:
    study, result = made(chain())
    e = ensemble(study, result, 32, 5)
    axes = dict(result.evaluation.ledger.entries[e.entry].axes)
    assert axes["n"] == "32" and axes["seed"] == "5" and axes["sampler"] == "counted-1"
    assert axes["root"] == result.evaluation.ledger.root
    assert ensemble(*made(chain()), 32, 5).entry == e.entry
    assert ensemble(*made(chain()), 32, 6).entry != e.entry


def test_the_background_is_never_a_probability() -> None:
    study, result = made(chain())
    said = ensemble(study, result, 32, 5).data()
    assert said["background"]["sampled"] is False and said["background"]["probability"] is None
    assert any(
        "no confidence interval" in r["en"] and "不是置信区间" in r["zh"]
        for r in (dict(r) for r in said["reasons"])
    )


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"spread": 1.2}, "uncertainty-no-distribution"),
        ({"distribution": "lognormal"}, "uncertainty-spread"),
        ({"distribution": "lognormal", "spread": 0.9}, "uncertainty-spread"),
        ({"distribution": "normal", "spread": -1}, "uncertainty-spread"),
        ({"distribution": "uniform", "low": 1}, "uncertainty-ends"),
        ({"distribution": "uniform", "low": 5, "high": 9}, "uncertainty-outside"),
        ({"distribution": "pert", "low": 1, "high": 9, "spread": 2}, "uncertainty-both"),
        ({"distribution": "normal", "spread": 1, "low": 1}, "uncertainty-both"),
        ({"distribution": "normal", "spread": 1, "amount": 0}, "uncertainty-zero"),
        ({"distribution": "cauchy", "spread": 1}, "uncertainty-distribution"),
    ],
)
def test_what_is_no_distribution_is_refused_at_its_cell(cells: dict[str, object], code: str) -> None:
    rows = chain()
    rows[2] |= cells
    study, result = made(rows)
    _, problems = sources_of(study, result.evaluation.facts, result.rulebook)
    assert [p.code for p in problems] == [code]
    assert str(problems[0].place).startswith("exchange.csv:4")
    with pytest.raises(TanbiaoError):
        ensemble(study, result, 32, 1)


def test_a_study_without_uncertain_facts_is_told_what_to_fill() -> None:
    with pytest.raises(TanbiaoError) as refusal:
        run([{k: v for k, v in r.items() if k not in ("distribution", "spread")} for r in chain()])
    assert refusal.value.problems[0].code == "uncertainty-none"


def test_a_parameter_that_formulas_read_is_drawn_and_moves_every_cell_that_reads_it() -> None:
    head = (
        HEAD
        + """parameters:
  mass: {value: 2 kg, distribution: uniform, low: 1, high: 3000 g}
  scrap: {value: 10 %, distribution: triangular, low: 5 %, high: 15}
  idle: {value: 7, distribution: normal, spread: 1}
"""
    )
    rows = [row("x0", "p0", "product", 1), row("x1", "p0", "input", 0, "a"), row("x2", "p0", "input", 0, "b")]
    rows[1]["amount"], rows[2]["amount"] = "=mass * (1 + scrap)", "=mass"
    study, result = made(rows, head)
    e = ensemble(study, result, 64, 1)
    assert e.exact and e.static == pytest.approx(2 * 2.2 + 0.5 * 2)
    assert e.unread == ("parameters.idle",) and any("parameters.idle" in t.en for t in e.reasons())
    assert [(s.name, s.static, s.low, s.high) for s in e.sources] == [
        ("parameters.mass", 2, 1, 3),
        ("parameters.scrap", 10, 5, 15),
    ]
    draws = study_draws(e.sources, 1)
    mass, scrap = np.hstack([draws.pack(0), draws.pack(1)])
    assert e.values == pytest.approx(mass * (2 * (1 + scrap / 100) + 0.5), rel=1e-9)
    wrong = ensemble_problem(rows, head.replace("low: 1,", "low: 2.5,"))
    assert wrong == "uncertainty-outside"


def ensemble_problem(rows: Rows, head: str) -> str:
    with pytest.raises(TanbiaoError) as refusal:
        ensemble(*made(rows, head), 32, 1)
    return refusal.value.problems[0].code


def test_the_same_bits_on_a_cluster() -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    from tanbiao.numerics.lca.cluster import on_cluster

    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        on = ensemble(*made(chain()), 200, 1, on_cluster(client, packs_per_task=2))
    assert np.array_equal(on.values, run(chain(), 200).values)


def test_a_cluster_that_is_lost_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import ModuleType

    from tanbiao.service import uncertainty as service

    made_up = ModuleType("distributed")
    made_up.KilledWorker = type("KilledWorker", (Exception,), {})  # type: ignore[attr-defined]
    made_up.Client = lambda address, timeout: Gone()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "distributed", made_up)

    class Gone:
        def scatter(self, task: object, broadcast: bool) -> object:
            raise TimeoutError("No valid workers found")

        def close(self) -> None:
            closed.append(True)

    closed: list[bool] = []
    with pytest.raises(TanbiaoError) as refusal, service.runner("tcp://nowhere:1") as run_there:
        run_there(lambda k: k, range(3))
    (problem,) = refusal.value.problems
    assert problem.code == "uncertainty-cluster" and "No valid workers" in problem.text("zh") and closed
