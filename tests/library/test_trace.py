"""A result taken apart: every way of dividing it sums to it, derivatives are those of finite differences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_library import exchange, steel, write
from tiny_nature import METHODS, NAMES, nature

from tanbiao.library import Library, compile_library, read_library, total
from tanbiao.library.elementary import read_elementary
from tanbiao.library.impacts import Assessed, all_products, assess, entries
from tanbiao.library.methods import read_methods
from tanbiao.library.trace import Branch, climate, crossing, trace

Tables = dict[str, list[dict[str, str]]]


def assessed(folder: Path, tables: Tables, category: str = "") -> tuple[Library, Assessed]:
    nature(write(folder / "tiny", tables))
    library, problems = read_library(folder / "tiny")
    assert problems == []
    compiled = compile_library(library, "AR6")
    table = entries(library, compiled, read_elementary(folder / "tiny", library.processes)[0], NAMES)
    if not category:
        return library, climate(compiled, table)
    (folder / "m.csv").write_text(METHODS, encoding="utf-8")
    return library, assess(compiled, table, [read_methods(folder / "m.csv")[category]])


@pytest.mark.parametrize("category", ["", "acid", "water", "climate"])
def test_every_division_sums_to_the_whole(tmp_path: Path, category: str) -> None:
    library, a = assessed(tmp_path, steel(), category)
    found = trace(library, a, 0, "steel", 0.001)
    k = a.compiled.linked.processes.index("steel")
    assert found.total == pytest.approx(all_products(a).score[k, 0])
    if not category:
        assert found.total == pytest.approx(total(a.compiled, "steel"))
    for parts in (found.by_process, found.by_flow, found.by_supplier, found.by_place, found.by_class):
        assert sum(p.value for p in parts) == pytest.approx(found.total)
        assert sum(p.share for p in parts) == pytest.approx(1)

    def holds(node: Branch) -> None:
        if node.process:
            assert node.value == pytest.approx(sum(c.value for c in node.children) + node.rest)
        for child in node.children:
            holds(child)

    holds(found.tree)
    assert found.tree.value == pytest.approx(found.total)


def test_a_leaf_says_how_much_of_the_flow_there_is(tmp_path: Path) -> None:
    library, a = assessed(tmp_path, steel(), "acid")
    tree = trace(library, a, 0, "power").tree
    (leaf,) = tree.children
    assert (leaf.item, leaf.process) == ("so2", False)
    assert leaf.amount == pytest.approx(0.001) and leaf.value == pytest.approx(0.002)


def test_derivatives_are_finite_differences_and_elasticities_their_shares(tmp_path: Path) -> None:
    tables = steel()
    library, a = assessed(tmp_path, tables, "")
    found = trace(library, a, 0, "steel")
    for pull in found.pulls:
        wanted = pull.provider or pull.what
        row = next(x for x in tables["exchanges"] if x["process"] == pull.process and x["provider"] == wanted)
        ends = []
        for step in (1e-5, -1e-5):
            changed = {**tables, "exchanges": [dict(x) for x in tables["exchanges"]]}
            for x in changed["exchanges"]:
                if x["id"] == row["id"]:
                    x["amount"] = f"{float(x['amount']) * (1 + step):.12f}"
            moved, problems = read_library(write(tmp_path / f"m{step}", changed))
            assert problems == []
            ends.append(total(compile_library(moved, "AR6"), "steel"))
        slope = (ends[0] - ends[1]) / 2e-5
        assert pull.elasticity == pytest.approx(slope / found.total, rel=1e-5)
        assert pull.derivative * float(row["amount"]) == pytest.approx(slope, rel=1e-5)
    assert [p.elasticity for p in found.pulls] == sorted((p.elasticity for p in found.pulls), reverse=True)


def test_breakeven_of_a_purchase_is_where_two_products_are_equal(tmp_path: Path) -> None:
    tables = steel()
    tables["processes"].append({**tables["processes"][0], "id": "iron2", "name_en": "other", "name_zh": "另"})
    tables["exchanges"] += [
        exchange("iron2.x01", "iron2", "reference", "iron2", "1"),
        exchange("iron2.x02", "iron2", "input", "power", "3", unit="kWh"),
    ]
    _, a = assessed(tmp_path, tables, "")
    found = crossing(a, 0, ("iron2", "iron"), ("iron2", "power"), 0.0, 50.0)
    power = total(a.compiled, "power")
    assert found.values == pytest.approx([total(a.compiled, "iron") / power])
    assert found.better_below == "A" and found.skipped == 0
    with pytest.raises(ValueError, match="no such purchase"):
        crossing(a, 0, ("iron2", "iron"), ("power", "iron2"), 0.0, 1.0)


def test_links_carry_what_their_buyers_take(tmp_path: Path) -> None:
    library, a = assessed(tmp_path, steel(), "")
    found = trace(library, a, 0, "steel", 1e-6)
    iron = sum(v for supplier, buyer, v in found.links if supplier == "iron" and buyer == "steel")
    by = {p.id: p.value for p in found.by_supplier}
    loop = 1 / (1 - 1.05 * 0.01)  # steel runs for its own ore
    assert iron == pytest.approx(by["iron"] * loop)
    assert np.isfinite([v for _, _, v in found.links]).all()
