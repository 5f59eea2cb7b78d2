# ruff: noqa: E501  (samples of foreign formats keep their lines)
"""Real linked databases: USLCI 2018 and USEEIO v2.0.1-411, as extracted in ../shared/data/starter/linked."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tanbiao.exchange import Draft, Head, Rules, link, read, write_library
from tanbiao.exchange.index import Opened
from tanbiao.exchange.model import Exchange, Flow, Inventory, Process
from tanbiao.library import compile_library, read_library

parquet = pytest.importorskip(
    "pyarrow.parquet", reason="the linked databases are Parquet; pyarrow is not installed"
)


@pytest.fixture(scope="module")
def linked() -> Path:
    from .conftest import DATA

    if not (DATA / "starter/linked").is_dir():
        pytest.skip("../shared/data/starter/linked is not here")
    return DATA / "starter" / "linked"


def uslci(folder: Path) -> Inventory:
    """USLCI 2018 rebuilt from the extracted rows; the rows came from openLCA JSON-LD."""
    with (folder / "uslci_2018_processes.csv").open(encoding="utf-8", newline="") as file:
        heads = list(csv.DictReader(file))
    rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for r in parquet.read_table(folder / "uslci_2018_exchanges.parquet").to_pylist():
        rows[r["process"]].append(r)
    made = Inventory("openlca", "USLCI 2018")
    processes = []
    for k, h in enumerate(heads):
        exchanges = []
        for n, r in enumerate(rows[k]):
            elementary = r["kind"] == "elementary"
            made.flows.setdefault(
                r["flow_uuid"],
                Flow(
                    id=r["flow_uuid"],
                    name={"en": r["flow"]},
                    unit=r["unit"],
                    kind="elementary" if elementary else "product",
                ),
            )
            exchanges.append(
                Exchange(
                    number=str(n),
                    flow=r["flow_uuid"],
                    name=r["flow"],
                    direction="input" if r["is_input"] else "output",
                    amount=r["amount"],
                    unit=r["unit"],
                    reference=r["kind"] == "production",
                    provider=heads[r["provider"]]["uuid"] if r["provider"] >= 0 else "",
                )
            )
        processes.append(
            Process(
                id=h["uuid"],
                name={"en": h["name"]},
                exchanges=tuple(exchanges),
                place=h["location"],
                licence="MIT",
            )
        )
    made.processes = tuple(processes)
    return made


@pytest.fixture(scope="module")
def uslci_solved(
    linked: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Draft, dict[str, float], dict[str, str]]:
    """All burden to the reference product: the naive way, which the check has to find out."""
    made = uslci(linked)
    draft = link(made, Rules(allocation="reference", by_name=False))
    folder = tmp_path_factory.mktemp("uslci") / "x"
    folder.mkdir()
    write_library(folder, draft, made, Head("uslci"))
    library, problems = read_library(folder)
    assert problems == []
    compiled = compile_library(library, "AR6")
    values = {p: float(compiled.values[compiled.index[p]].sum()) for p in library.processes}
    return draft, values, {p.name_en: p.id for p in library.processes.values()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Steel, liquid, at plant", 1.964),
        ("Steel, billets, at plant", 2.048),
        ("Hot rolled sheet, steel, at plant", 2.306),
        ("Cold rolled sheet, steel, at plant", 2.624),
        ("Galvanized steel sheet, at plant", 2.715),
    ],
)
def test_uslci_steel(
    uslci_solved: tuple[Draft, dict[str, float], dict[str, str]], name: str, value: float
) -> None:
    _, values, ids = uslci_solved
    assert values[ids[name]] == pytest.approx(value, abs=1e-3)


def test_uslci_primary_aluminium(uslci_solved: tuple[Draft, dict[str, float], dict[str, str]]) -> None:
    _, values, ids = uslci_solved
    assert any(
        abs(values[i] - 9.00) < 5e-3
        for n, i in ids.items()
        if n.startswith("Primary Aluminum") or "luminum" in n
    )


def test_uslci_cement_counts_its_fuel_twice_and_the_check_says_so(
    uslci_solved: tuple[Draft, dict[str, float], dict[str, str]],
) -> None:
    draft, values, ids = uslci_solved
    cement = ids["Portland cement, at plant"]
    assert values[cement] == pytest.approx(1.375, abs=2e-3)
    own = next(k for k, m in enumerate(draft.made) if m.id == cement)
    gwp = {"co2_fossil": 1.0, "ch4_fossil": 29.8}
    stack = sum(
        a * gwp.get(draft.ids[p], 0)
        for q, k, p, a in zip(draft.process, draft.kind, draft.provider, draft.amount, strict=True)
        if q == own and k == 1
    )
    assert stack == pytest.approx(0.928, abs=1e-3)
    found = next(p for p in draft.problems if p.code == "exchange-double-count" and p.args["item"] == cement)
    assert (
        float(found.args["direct"]) == pytest.approx(0.927, abs=1e-3)
        and "combusted" in found.args["providers"]
    )


def test_uslci_links_as_the_reference_counts(
    uslci_solved: tuple[Draft, dict[str, float], dict[str, str]],
) -> None:
    draft = uslci_solved[0]
    assert len(draft.made) == 766 and draft.exchanges == 32526
    assert draft.counts["provider named by the source"] == 3725
    # every cut-off of the reference is a row of the report, and three co-products with an amount of zero or below
    assert len(draft.unlinked) == 2755 + 3


def test_uslci_agrees_with_the_reference_but_for_gases_it_left_out(
    uslci_solved: tuple[Draft, dict[str, float], dict[str, str]], linked: Path
) -> None:
    _, values, _ = uslci_solved
    with (linked / "uslci_2018_processes.csv").open(encoding="utf-8", newline="") as file:
        pairs = [
            (values[r["uuid"]], float(r["gwp100_ar6_kgCO2e_per_ref_unit"])) for r in csv.DictReader(file)
        ]
    near = sum(abs(a - b) <= 0.01 * abs(b) + 1e-6 for a, b in pairs)
    assert near > 0.9 * len(pairs)


def test_uslci_demands_an_allocation_rule(linked: Path) -> None:
    draft = link(uslci(linked), Rules())
    assert sum(w == "exchange-allocation-missing" for _, _, w in draft.left_out) > 30


@pytest.fixture(scope="module")
def useeio(linked: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, str]]]:
    """The library made of EPA's A and D, and the rows of the file that holds N with six digits."""
    folder = tmp_path_factory.mktemp("useeio")
    (folder / "in").mkdir()
    for name in ("useeio_v2_0_1_411_A.parquet", "useeio_v2_0_1_411_sectors_D_N.csv"):
        (folder / "in" / name).write_bytes((linked / name).read_bytes())
    made = read(folder / "in")
    assert made.format == "iotable" and made.problems == []
    draft = link(made, Rules())
    assert draft.unlinked == [] and draft.counts["provider named by the source"] == 92527
    (folder / "out").mkdir()
    write_library(folder / "out", draft, made, Head("useeio"))
    with (folder / "in/useeio_v2_0_1_411_sectors_D_N.csv").open(encoding="utf-8", newline="") as file:
        return folder / "out", list(csv.DictReader(file))


def test_useeio_411_reproduces_n_from_the_stored_matrices(useeio: tuple[Path, list[dict[str, str]]]) -> None:
    """Greenhouse gases within 5e-6 of the six-digit file; the other 22 indicators within 1e-5, since D and N of the file
    are both rounded to six digits."""
    folder, rows = useeio
    starts, at, data = Opened(folder).matrix("purchases")
    a = np.zeros((411, 411))
    for j in range(411):
        a[at[starts[j] : starts[j + 1]], j] = data[starts[j] : starts[j + 1]]
    factors = np.linalg.inv(np.eye(411) - a).T
    starts, at, data = Opened(folder).matrix("gases")
    emitted = np.array([data[starts[j] : starts[j + 1]].sum() for j in range(411)])
    assert np.allclose(factors @ emitted, [float(r["N_GHG"]) for r in rows], rtol=5e-6, atol=0)
    for indicator in (c[2:] for c in rows[0] if c.startswith("D_")):
        d = np.array([float(r[f"D_{indicator}"]) for r in rows])
        assert np.allclose(factors @ d, [float(r[f"N_{indicator}"]) for r in rows], rtol=1e-5, atol=0), (
            indicator
        )


@pytest.mark.slow
def test_useeio_411_reproduces_n_through_the_library_room(useeio: tuple[Path, list[dict[str, str]]]) -> None:
    library, problems = read_library(useeio[0])
    assert problems == []
    compiled = compile_library(library, "AR6")
    mine = [compiled.values[compiled.index[r["code"]]].sum() for r in useeio[1]]
    assert np.allclose(mine, [float(r["N_GHG"]) for r in useeio[1]], rtol=5e-6, atol=0)


def test_premise_rows_written_as_a_workbook_come_back(linked: Path, tmp_path: Path) -> None:
    """premise's cell values (first 60 activities) in the Brightway layout: names, amounts, formulas, uncertainty."""
    import openpyxl

    heads = parquet.read_table(linked / "premise_inventories_activities.parquet").slice(0, 60).to_pylist()
    rows = [
        r
        for r in parquet.read_table(linked / "premise_inventories_exchanges.parquet").to_pylist()
        if r["activity"] < 60
    ]
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Database", "premise"])
    for h in heads:
        sheet.append([])
        sheet.append(["Activity", h["name"]])
        sheet.append(["location", h["location"]])
        sheet.append(["reference product", h["reference_product"]])
        sheet.append(["unit", h["unit"]])
        sheet.append(["Exchanges"])
        columns = [
            "name",
            "amount",
            "location",
            "unit",
            "categories",
            "type",
            "reference product",
            "uncertainty type",
            "loc",
            "scale",
        ]
        sheet.append(columns)
        for r in rows:
            if r["activity"] == h["index"]:
                sheet.append(
                    [
                        r["name"],
                        r["amount"],
                        r["location"],
                        r["unit"],
                        r["categories"],
                        r["type"],
                        r["reference_product"],
                        r["uncertainty_type"],
                        r["loc"],
                        r["scale"],
                    ]
                )
    book.save(tmp_path / "premise.xlsx")
    made = read(tmp_path / "premise.xlsx").gathered()
    assert made.format == "brightway" and made.experimental
    processes = list(made)
    assert [p.name["en"] for p in processes] == [h["name"].strip() for h in heads]
    assert sum(len(p.exchanges) for p in processes) == len([r for r in rows if r["amount"] is not None])
    draft = link(made, Rules())
    assert (
        draft.counts["flow"] + draft.counts["name"] > 20 and len(draft.unlinked) > 100
    )  # the background is ecoinvent's


def test_premise_serbian_power_is_found(linked: Path, tmp_path: Path) -> None:
    rows = parquet.read_table(linked / "premise_inventories_exchanges.parquet").to_pylist()
    slips = [
        r
        for r in rows
        if r["type"] == "technosphere" and r["location"] == "RS" and "electricity" in r["name"]
    ]
    assert len(slips) == 56 or len(slips) > 40


def test_pact_examples_are_results_with_their_values(data: Path) -> None:
    values = {}
    for file in sorted((data / "schemas/pact/spec-v3-examples").glob("example-*.json")):
        made = read(file)
        assert made.format == "pact3" and not made.experimental and made.problems == []
        values[file.stem] = (made.results[0].values["total"], made.results[0].unit)
    raw = {
        f.stem: json.loads(f.read_text(encoding="utf-8"))["pcf"]
        for f in sorted((data / "schemas/pact/spec-v3-examples").glob("example-*.json"))
    }
    assert {k: float(v[0]) for k, v in values.items()} == {
        k: float(v["pcfExcludingBiogenicUptake"]) for k, v in raw.items()
    }
    assert values["example-2"][1] == "L" and values["example-3"][1] == "piece"
