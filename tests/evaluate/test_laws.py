"""Laws of the footprint, on random systems."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanbiao.core.errors import TanbiaoError
from tests.small import evaluation, footprint

amounts = st.floats(0.01, 100, allow_nan=False).map(lambda v: float(f"{v:.6g}"))
VALUES = {"a": 2.0, "b": 0.5, "c": 11.0}


@st.composite
def chains(draw: st.DrawFn) -> dict[str, list[dict[str, object]]]:
    """Up to six processes, each taking from the next and from the background; now and then a loop back."""
    count = draw(st.integers(1, 6))
    exchange: list[dict[str, object]] = []
    for i in range(count):
        exchange.append(
            {
                "process": f"p{i}",
                "direction": "product",
                "flow": f"f{i}",
                "amount": draw(amounts),
                "unit": "kg",
            }
        )
        for _ in range(draw(st.integers(1, 4))):
            exchange.append(
                {
                    "process": f"p{i}",
                    "direction": "input",
                    "flow": "x",
                    "amount": draw(amounts),
                    "unit": "kg",
                    "provider": draw(st.sampled_from(sorted(VALUES))),
                }
            )
        if i + 1 < count:
            exchange.append(
                {
                    "process": f"p{i}",
                    "direction": "input",
                    "flow": f"f{i + 1}",
                    "amount": draw(amounts),
                    "unit": "kg",
                    "provider": f"p{i + 1}",
                }
            )
    rows = [{"id": f"x{n}", **row} for n, row in enumerate(exchange)]
    return {"process": [{"id": f"p{i}", "control": "none"} for i in range(count)], "exchange": rows}


def by_hand(tables: dict[str, list[dict[str, object]]]) -> float:
    """The same footprint by recursion, without a matrix."""

    def per_unit(process: str) -> float:
        rows = [r for r in tables["exchange"] if r["process"] == process]
        output = next(float(r["amount"]) for r in rows if r["direction"] == "product")  # type: ignore[arg-type]
        total = 0.0
        for row in rows:
            if row["direction"] == "input":
                who = str(row["provider"])
                total += float(row["amount"]) * (VALUES[who] if who in VALUES else per_unit(who))  # type: ignore[arg-type]
        return total / output

    return per_unit("p0")


REFERENCE = {"process": "p0", "amount": "1 kg"}


@settings(max_examples=60, deadline=None)
@given(chains())
def test_the_matrix_gives_what_recursion_gives(tables: dict[str, list[dict[str, object]]]) -> None:
    assert math.isclose(footprint(tables, VALUES, REFERENCE), by_hand(tables), rel_tol=1e-9)


@settings(max_examples=30, deadline=None)
@given(chains(), st.integers(2, 50))
def test_twice_the_demand_is_twice_the_footprint(tables: dict[str, list[dict[str, object]]], n: int) -> None:
    one = footprint(tables, VALUES, REFERENCE)
    assert math.isclose(
        footprint(tables, VALUES, {"process": "p0", "amount": f"{n} kg"}), n * one, rel_tol=1e-9
    )


@settings(max_examples=30, deadline=None)
@given(chains(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_neither_value_nor_ledger(
    tables: dict[str, list[dict[str, object]]], random: object
) -> None:
    first = evaluation(tables, VALUES, REFERENCE)
    shuffled = {k: list(v) for k, v in tables.items()}
    for rows in shuffled.values():
        random.shuffle(rows)  # type: ignore[attr-defined]
    second = evaluation(shuffled, VALUES, REFERENCE)
    assert math.isclose(
        float(first.value("footprint").data), float(second.value("footprint").data), rel_tol=1e-12
    )
    assert first.keys["footprint"] == second.keys["footprint"]


@settings(max_examples=30, deadline=None)
@given(chains())
def test_grams_for_kilograms_change_nothing(tables: dict[str, list[dict[str, object]]]) -> None:
    grams = {
        **tables,
        "exchange": [
            {**r, "unit": "g", "amount": f"{float(r['amount']) * 1000:.10g}"}
            if r["direction"] == "input"  # type: ignore[arg-type]
            else r
            for r in tables["exchange"]
        ],
    }
    assert math.isclose(
        footprint(tables, VALUES, REFERENCE), footprint(grams, VALUES, REFERENCE), rel_tol=1e-9
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(amounts, amounts), min_size=2, max_size=4), st.sampled_from(["mass", "economic"]))
def test_allocated_parts_sum_to_the_unallocated_whole(products: list[tuple[float, float]], kind: str) -> None:
    process = [{"id": "p", "control": "none", "subdivision": "false", "key": "mass"}]
    spread = 1.0 if kind == "mass" else 1000.0
    exchange: list[dict[str, object]] = [
        {
            "id": f"x{i}",
            "process": "p",
            "direction": "product",
            "flow": f"f{i}",
            "amount": amount,
            "unit": "kg",
            "mass": 1,
            "price": price * (spread if i == 0 else 1),
        }
        for i, (amount, price) in enumerate(products)
    ]
    exchange.append(
        {
            "id": "in",
            "process": "p",
            "direction": "input",
            "flow": "x",
            "amount": 7,
            "unit": "kg",
            "provider": "a",
        }
    )
    tables = {"process": process, "exchange": exchange}
    parts = sum(
        footprint(tables, VALUES, {"process": "p", "flow": f"f{i}", "amount": f"{amount} kg"})
        for i, (amount, _) in enumerate(products)
    )
    assert math.isclose(parts, 14.0, rel_tol=1e-9)


def test_a_loop_without_net_output_is_a_diagnosis() -> None:

    tables = {
        "process": [{"id": "p", "control": "none"}, {"id": "q", "control": "none"}],
        "exchange": [
            {"id": "1", "process": "p", "direction": "product", "flow": "f", "amount": 1, "unit": "kg"},
            {
                "id": "2",
                "process": "p",
                "direction": "input",
                "flow": "g",
                "amount": 2,
                "unit": "kg",
                "provider": "q",
            },
            {"id": "3", "process": "q", "direction": "product", "flow": "g", "amount": 1, "unit": "kg"},
            {
                "id": "4",
                "process": "q",
                "direction": "input",
                "flow": "f",
                "amount": 2,
                "unit": "kg",
                "provider": "p",
            },
            {
                "id": "5",
                "process": "q",
                "direction": "input",
                "flow": "x",
                "amount": 1,
                "unit": "kg",
                "provider": "a",
            },
        ],
    }
    with pytest.raises(TanbiaoError) as caught:
        footprint(tables, VALUES, {"process": "p", "amount": "1 kg"})
    assert caught.value.problems[0].code == "system-loop"
    loop = caught.value.problems[0].args["loop"]
    assert {step.partition("/")[0] for step in loop.partition(" (")[0].split(" ← ")} == {"p", "q"}, loop


def test_changing_one_amount_changes_the_root_and_nothing_else_does() -> None:
    rows: list[dict[str, object]] = [
        {"id": "1", "process": "p0", "direction": "product", "flow": "f", "amount": 1, "unit": "kg"},
        {
            "id": "2",
            "process": "p0",
            "direction": "input",
            "flow": "x",
            "amount": 2,
            "unit": "kg",
            "provider": "a",
            "note": "first",
        },
    ]
    process = [{"id": "p0", "control": "none"}]
    base = evaluation({"process": process, "exchange": rows}, VALUES, REFERENCE)
    base.value("footprint")
    noted = evaluation(
        {"process": process, "exchange": [rows[0], {**rows[1], "note": "other words"}]}, VALUES, REFERENCE
    )
    noted.value("footprint")
    changed = evaluation(
        {"process": process, "exchange": [rows[0], {**rows[1], "amount": 3}]}, VALUES, REFERENCE
    )
    changed.value("footprint")
    assert base.keys["footprint"] == noted.keys["footprint"]
    assert base.keys["footprint"] != changed.keys["footprint"]


def test_a_verified_check_over_an_unverified_table_is_not_verified() -> None:
    """The mark of a finding is the weakest of the rules it rests on; data given by the user are no rules."""
    from dataclasses import replace

    from tanbiao.evaluate.judge import weakest_review

    found = evaluation(
        {
            "process": [{"id": "p0", "control": "none"}],
            "exchange": [
                {"id": "1", "process": "p0", "direction": "product", "flow": "f", "amount": 1, "unit": "kg"},
                {
                    "id": "2",
                    "process": "p0",
                    "direction": "input",
                    "flow": "x",
                    "amount": 2,
                    "unit": "kg",
                    "provider": "a",
                },
            ],
            "omission": [{"id": "o", "flow": "o", "estimate": "0.001"}],
        },
        VALUES,
        REFERENCE,
    )
    clause = replace(found.rulebook.clauses["cut_off_sum"], review="verified")
    found.value("cut_off_sum")
    assert weakest_review(clause, found) == "constructed"
