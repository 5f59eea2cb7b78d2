"""A table of a hundred thousand rows: formula columns in one pass, a ledger that stays small."""

from __future__ import annotations

import json
import math

from tests.small import evaluation


def test_a_hundred_thousand_exchanges_give_the_right_sum_and_a_small_ledger() -> None:
    count = 100_000
    exchange: list[dict[str, object]] = [
        {"id": "out", "process": "p", "direction": "product", "flow": "f", "amount": 1, "unit": "kg"}
    ]
    exchange += [
        {
            "id": f"x{n}",
            "process": "p",
            "direction": "input",
            "flow": "x",
            "amount": "0.5",
            "unit": "g",
            "provider": "a" if n % 2 else "b",
        }
        for n in range(count)
    ]
    found = evaluation(
        {"process": [{"id": "p", "control": "none"}], "exchange": exchange},
        {"a": 2.0, "b": 1.0},
        {"process": "p", "amount": "1 kg"},
    )
    value = float(found.value("footprint").number())
    assert math.isclose(value, count / 2 * 0.0005 * 3.0, rel_tol=1e-9)
    assert len(json.dumps(found.ledger.data())) < 1_000_000
