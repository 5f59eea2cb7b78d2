"""Tables of products: levels, units, shares, moves, and everything that is wrong with them named by line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tanbiao.cli.portfolio import portfolio as portfolio_command
from tanbiao.cli.uncertainty import uncertainty as uncertainty_command
from tanbiao.core.errors import Place, TanbiaoError
from tanbiao.evaluate import Background
from tanbiao.evaluate.portfolio import Lines, moves, portfolio, roll
from tanbiao.service.bills import read_lines, scratch
from tests.conftest import ROOT
from tests.small import provider

VALUES = {"a": 2.0, "b": -0.5, "c": 11.0}
BACKGROUND = Background({i: provider(i, v) for i, v in VALUES.items()}, {}, "test")


def lines(*rows: tuple[object, ...]) -> Lines:
    """Rows of product, item, amount, unit, primary share, quality; the first stands in line 2."""
    product, item, amount, unit, primary, quality = (list(c) for c in zip(*rows, strict=True))
    names, units = list(dict.fromkeys([*product, *item])), list(dict.fromkeys(["", *unit]))
    return Lines(
        names,
        units,
        np.array([names.index(p) for p in product]),
        np.array([names.index(i) for i in item]),
        np.array(amount, dtype=float),
        np.array([units.index(u) for u in unit]),
        np.zeros(len(rows), dtype=int),
        np.array(primary, dtype=float),
        np.array(quality, dtype=float),
        lambda k, column: Place("t.csv", k + 2, column),
    )


nan = float("nan")
PAIR = lines(
    ("P", "Q", 2, "", nan, nan),
    ("P", "a", 500, "g", 1, 2),
    ("Q", "b", 1, "", 0.5, 4),
    ("Q", "a", 3, "", nan, nan),
)


@pytest.mark.parametrize("part", [1, 50_000])
def test_two_levels_by_hand(part: int) -> None:
    r = roll(portfolio(PAIR, BACKGROUND), part)
    assert r.portfolio.products == ("Q", "P")
    assert r.value == pytest.approx([5.5, 12.0])  # 3·2 − 0.5; 2·5.5 + 0.5·2
    assert r.primary == pytest.approx([0.25 / 6.5, 1.5 / 14])  # of the gross value: the credit hides nothing
    assert r.quality == pytest.approx([4.0, 3.0])
    assert r.scored == pytest.approx([0.5 / 6.5, 2 / 14])


@st.composite
def tables(draw: st.DrawFn) -> Lines:
    """Up to thirty products, each of items and of products before it, rows in any order."""
    rows = []
    for k in range(draw(st.integers(1, 30))):
        for _ in range(draw(st.integers(1, 4))):
            item = draw(st.sampled_from([*VALUES, *(f"p{i}" for i in range(k))]))
            rows.append(
                (
                    f"p{k}",
                    item,
                    draw(st.floats(-3, 3).map(lambda v: round(v, 6))),
                    "",
                    draw(st.floats(0, 1)),
                    2.0,
                )
            )
    return lines(*draw(st.permutations(rows)))


@settings(max_examples=25, deadline=None)
@given(tables(), st.integers(1, 7))
def test_a_table_in_any_order_and_parts_is_what_recursion_gives_and_moves_are_differences(
    table: Lines, part: int
) -> None:
    bills = [
        (table.names[p], table.names[i], float(a))
        for p, i, a in zip(table.product, table.item, table.amount, strict=True)
    ]

    def value(name: str, known: dict[str, float]) -> float:
        if name in known:
            return known[name]
        return sum(a * value(i, known) for p, i, a in bills if p == name)

    r = roll(portfolio(table, BACKGROUND), part)
    assert r.value == pytest.approx([value(p, VALUES) for p in r.portfolio.products], rel=1e-9, abs=1e-9)
    shares = r.primary[np.isfinite(r.primary)]
    assert ((shares >= 0) & (shares <= 1 + 1e-12)).all()
    item = r.portfolio.items[0] if r.portfolio.items else None
    if item is not None:
        changed = {**VALUES, item: VALUES[item] * 1.5 + 1}
        found = {name: after for name, _, after in moves(r, {item: changed[item]})}
        for name, before in zip(r.portfolio.products, r.value, strict=True):
            assert found.get(name, before) == pytest.approx(value(name, changed), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("rows", "code", "line"),
    [
        ([("P", "x", 1, "", nan, nan)], "portfolio-item-unknown", 2),
        ([("P", "a", 1, "kWh", nan, nan)], "portfolio-unit", 2),
        ([("P", "a", 1, "", 2, nan)], "portfolio-range", 2),
        ([("P", "a", 1, "", nan, 9)], "portfolio-range", 2),
        ([("P", "Q", 1, "", nan, nan), ("Q", "P", 1, "", nan, nan)], "portfolio-loop", 2),
        ([("P", "P", 1, "", nan, nan)], "portfolio-loop", 2),
        ([("a", "b", 1, "", nan, nan)], "portfolio-name-twice", 2),
    ],
)
def test_what_is_wrong_is_named_by_line(rows: list[tuple[object, ...]], code: str, line: int) -> None:
    with pytest.raises(TanbiaoError) as refusal:
        portfolio(lines(*rows), BACKGROUND)
    assert [p.code for p in refusal.value.problems] == [code]
    assert refusal.value.problems[0].place.row == line


def test_a_loop_deep_in_a_long_chain_is_found() -> None:
    rows = [(f"p{k}", f"p{k + 1}", 1, "", nan, nan) for k in range(300)] + [
        ("p300", "p299", 0.5, "", nan, nan)
    ]
    with pytest.raises(TanbiaoError) as refusal:
        portfolio(lines(*rows), BACKGROUND)
    assert refusal.value.problems[0].code == "portfolio-loop"
    deep = lines(*rows[:300], ("p300", "a", 1, "", nan, nan))
    assert roll(portfolio(deep, BACKGROUND)).value == pytest.approx(np.full(301, 2.0))


def test_csv_and_parquet_hold_the_same_table(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("product,item,amount,unit\nP,a,500,g\nP,b,1,\n", encoding="utf-8")
    read = read_lines(file)
    assert roll(portfolio(read, BACKGROUND)).value == pytest.approx([0.5])
    file.write_text("product,item\nP,a\n", encoding="utf-8")
    with pytest.raises(TanbiaoError):
        portfolio(read_lines(file), BACKGROUND)
    file.write_text("product,item,amount\nP,a,x\nP,,1\n", encoding="utf-8")
    with pytest.raises(TanbiaoError) as refusal:
        portfolio(read_lines(file), BACKGROUND)
    assert [p.code for p in refusal.value.problems] == ["number-expected", "cell-missing"]
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    parquet.write_table(
        pyarrow.table(
            {"product": ["P", "P"], "item": ["a", "b"], "amount": [500.0, 1.0], "unit": ["g", None]}
        ),
        tmp_path / "t.parquet",
    )
    assert roll(portfolio(read_lines(tmp_path / "t.parquet"), BACKGROUND)).value == pytest.approx([0.5])


def test_parts_of_a_folder_are_one_table_whatever_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    rows = [f"p{k},{'abc'[k % 3]},{rng.random():.6f},{'g' if k % 2 else ''}" for k in range(40)]
    rows += [f"q{k},p{k},2," for k in range(40)]
    head = "product,item,amount,unit\n"
    (tmp_path / "whole.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    folder = tmp_path / "parts"
    folder.mkdir()
    for k in range(4):
        (folder / f"{k}.csv").write_text(
            head + "\n".join(rows[20 * k : 20 * k + 20]) + "\n", encoding="utf-8"
        )
    whole = roll(portfolio(read_lines(tmp_path / "whole.csv"), BACKGROUND))
    monkeypatch.setattr("tanbiao.evaluate.portfolio.BLOCK", 7)
    monkeypatch.setattr("tanbiao.service.bills.ROWS", 3)
    cut = roll(portfolio(read_lines(folder), BACKGROUND, scratch), 11)
    assert cut.portfolio.products == whole.portfolio.products
    assert np.array_equal(cut.value, whole.value)
    (folder / "2.csv").write_text(head + "x,a,1,\nx,nothing,1,\n", encoding="utf-8")
    with pytest.raises(TanbiaoError) as refusal:
        portfolio(read_lines(folder), BACKGROUND)
    assert str(refusal.value.problems[0].place) == "2.csv:3:item"


def test_the_same_bits_on_a_cluster() -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    from tanbiao.numerics.lca.cluster import on_cluster

    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        on = roll(portfolio(PAIR, BACKGROUND), 1, on_cluster(client, packs_per_task=1))
    assert np.array_equal(on.value, roll(portfolio(PAIR, BACKGROUND)).value)


# -- commands --------------------------------------------------------------------------------------------------------

app = typer.Typer()
app.command("uncertainty")(uncertainty_command)
app.command("portfolio")(portfolio_command)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "160"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_portfolio_prints_products_and_what_moves(home: Path, lang: str) -> None:
    table = home / "t.csv"
    table.write_text(
        "product,item,amount,unit,primary_share\npack,cell,100,,\ncell,ch4_fossil,2,g,1\ncell,co2_fossil,1,kg,\n",
        encoding="utf-8",
    )
    code, text = call("portfolio", str(table), "--lang", lang, "--change", "co2_fossil=2", "--out", "out.csv")
    assert code == 0
    assert ("2 个产品变动" if lang == "zh" else "2 products move") in text
    assert (
        (home / "out.csv").read_text(encoding="utf-8").splitlines()[2].startswith("pack,kgCO2e/piece,105.96")
    )
    data = json.loads(call("portfolio", str(table), "--json")[1])
    assert data["products"][0]["value"] == pytest.approx(1 + 0.002 * 29.8)
    assert data["products"][0]["primary_share"] == pytest.approx(0.0596 / 1.0596)
    assert call("portfolio", str(table), "--change", "nothing")[0] == 2


def uncertain_example(folder: Path) -> Path:
    import csv
    import shutil

    study = folder / "five"
    shutil.copytree(ROOT / "examples" / "five-processes", study)
    with (study / "exchanges.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["id"] in ("x02", "x04"):
            row |= {"distribution": "lognormal", "spread": "1.1"}
    names = list(dict.fromkeys(k for r in rows for k in r))
    with (study / "exchanges.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return study


def test_uncertainty_shows_static_mean_median_interval_and_why_they_differ(home: Path) -> None:
    study = uncertain_example(home)
    data = json.loads(call("uncertainty", str(study), "-n", "200", "--seed", "7", "--json")[1])
    one = data["results"][0]
    assert {
        "static",
        "at_means",
        "mean",
        "standard_error",
        "median",
        "interval",
        "unsolved",
        "decisions",
        "background",
        "sources",
        "reasons",
        "entry",
    } <= set(one)
    assert one["static"] == pytest.approx(18.6264, rel=1e-4)
    assert one["interval"]["of"] == "foreground" and one["background"]["sampled"] is False
    assert one["interval"]["low"] < one["static"] < one["interval"]["high"]
    code, zh = call("uncertainty", str(study), "-n", "40", "--lang", "zh")
    assert code == 0 and "不是置信区间" in zh and "构造示例" in zh and "决策冻结" in zh


def test_a_parameter_is_drawn_and_a_study_without_distributions_is_told_so(home: Path) -> None:
    study = uncertain_example(home)
    head = (study / "study.yaml").read_text(encoding="utf-8")
    (study / "study.yaml").write_text(
        head.replace(
            "route_a: {value: 0.6,", "route_a: {value: 0.6, distribution: triangular, low: 0.5, high: 0.7,"
        ),
        encoding="utf-8",
    )
    one = json.loads(call("uncertainty", str(study), "-n", "12", "--json")[1])["results"][0]
    assert one["exact"] is True
    assert {s["fact"] for s in one["sources"]} == {"parameters.route_a", "exchange.x02", "exchange.x04"}
    assert call("uncertainty", str(ROOT / "examples" / "five-processes"), "--lang", "en")[0] == 2


def test_everything_wrong_with_a_table_is_told_at_once(home: Path) -> None:
    table = home / "t.csv"
    table.write_text(
        "product,item,amount,unit,quality\n甲,mkt.elec.cn,x,kWh,\n乙,nothing,1,,\n丙,,1,,\n丁,丁,1,,\n戊,mkt.elec.cn,1,kg,7\n",
        encoding="utf-8",
    )
    code, text = call("portfolio", str(table), "--json")
    assert code == 2
    assert [(p["code"], p["where"]) for p in json.loads(text)["problems"]] == [
        ("number-expected", "t.csv:2:amount"),
        ("portfolio-item-unknown", "t.csv:3:item"),
        ("cell-missing", "t.csv:4:item"),
        ("portfolio-loop", "t.csv:5:item"),
        ("portfolio-unit", "t.csv:6:unit"),
        ("portfolio-range", "t.csv:6:quality"),
    ]


@pytest.mark.parametrize("change", ["mkt.elec.cn=nan", "mkt.elec.cn=inf", "=1", "mkt.elec.cn", "x="])
def test_a_change_that_is_no_number_is_refused(home: Path, change: str) -> None:
    (home / "t.csv").write_text("product,item,amount\np,mkt.elec.cn,1\n", encoding="utf-8")
    code, text = call("portfolio", "t.csv", "--change", change, "--json")
    assert code == 2 and [p["code"] for p in json.loads(text)["problems"]] == ["portfolio-change"]
    twice = ("--change", "mkt.elec.cn=1", "--change", "mkt.elec.cn=2", "--change", "y=nan")
    code, text = call("portfolio", "t.csv", *twice, "--json")
    assert code == 2 and [p["code"] for p in json.loads(text)["problems"]] == 2 * ["portfolio-change"]
