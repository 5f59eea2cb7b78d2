"""Somebody else's result as its publisher writes it, beside ours: PACT, openEPD, ILCD+EPD."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tanbiao.service as service
from tanbiao.core.errors import TanbiaoError
from tanbiao.service.published import beside_published
from tanbiao.service.published_forms import read_published
from tanbiao.service.run import LoadedStudy
from tests.exchange.conftest import DATA
from tests.exchange.test_formats import FLOW, ILCD_EPD
from tests.kept import KeptPlaces

ROOT = Path(__file__).resolve().parents[2] / "examples"
PACT3 = {
    "id": "p1",
    "specVersion": "3.0.0",
    "companyName": "Maker",
    "productNameCompany": "Pack",
    "pcf": {
        "declaredUnitOfMeasurement": "piece",
        "declaredUnitAmount": "2",
        "referencePeriodStart": "2024-01-01T00:00:00Z",
        "referencePeriodEnd": "2024-12-31T00:00:00Z",
        "pcfExcludingBiogenicUptake": "14000",
        "biogenicCO2Uptake": "-20",
        "ipccCharacterizationFactors": ["AR5"],
        "allocationRulesDescription": "mass",
        "exemptedEmissionsPercent": "2.5",
        "secondaryEmissionFactorSources": [{"name": "A database", "version": "1"}],
        "verification": {"providerName": "Verifier"},
    },
}
PACT2 = {
    "id": "p2",
    "specVersion": "2.3.0",
    "companyName": "Maker",
    "productNameCompany": "Pack",
    "pcf": {
        "declaredUnit": "kilogram",
        "unitaryProductAmount": "1",
        "pCfExcludingBiogenic": "13",
        "referencePeriodStart": "2024-01-01T00:00:00Z",
        "referencePeriodEnd": "2024-12-31T00:00:00Z",
        "characterizationFactors": "AR6",
    },
}
OPENEPD = {
    "doctype": "openEPD",
    "id": "e1",
    "product_name": "Pack",
    "declared_unit": {"qty": 1, "unit": "kg"},
    "impacts": {
        "EF 3.1": {
            "gwp": {
                stage: {"mean": value, "unit": "kgCO2e"}
                for stage, value in {"A1A2A3": 12, "A4": 0.5, "A5": 0.1, "C3": 1, "C4": 0.25, "D": -3}.items()
            }
        }
    },
}


@pytest.fixture(scope="module")
def battery() -> LoadedStudy:
    return service.load(ROOT / "lfp-pack-circular", KeptPlaces())


def written(folder: Path, data: Any) -> Path:
    (folder / "theirs.json").write_text(json.dumps(data), encoding="utf-8")
    return folder / "theirs.json"


def test_a_pact_footprint_beside_ours(battery: LoadedStudy, tmp_path: Path) -> None:
    """Two pieces at 14,000 less 20 taken up: 6,990 a piece; what the file states of its method is set against ours."""
    found = beside_published(battery, written(tmp_path, PACT3), "pact.method@3")
    gate, total = found.rows[0], found.rows[-1]
    assert found.unit == "kgCO2e/piece" and gate.theirs == total.theirs == 6990
    assert gate.ours == pytest.approx(6971.31, abs=0.01) and total.difference == pytest.approx(
        -18.69, abs=0.01
    )
    said = " | ".join(r.en for r in found.reasons)
    assert "GWP set: published AR5, ours AR6" in said and "allocation: published mass, ours physical" in said
    assert (
        "cut-off: published exempted 2.5 %" in said and "period: published 2024-01-01 to 2024-12-31" in said
    )
    for absent in ("rules:", "verification", "database", "boundary", "unit:"):
        assert absent not in said


def test_an_older_footprint_per_kilogram_meets_ours_by_mass(battery: LoadedStudy, tmp_path: Path) -> None:
    found = beside_published(battery, written(tmp_path, PACT2), "pact.method@3")
    assert found.rows[0].theirs == 13
    assert found.rows[0].ours == pytest.approx(6971.31 / 547.945205479452, rel=1e-5)
    said = " | ".join(r.en for r in found.reasons)
    assert "rules: published under pact.method@2, ours under pact.method@3" in said and "verification" in said


def test_an_epd_by_module(battery: LoadedStudy, tmp_path: Path) -> None:
    """A1 to A3 against production, A4 distribution, C end of life; A5 has no step of ours, D stands in no total."""
    found = beside_published(battery, written(tmp_path, OPENEPD), "eu.pef@2021")
    assert [(r.name.en, r.theirs) for r in found.rows] == [
        ("production (A1 to A3)", 12.0),
        ("transport (A4)", 0.5),
        ("installation (A5)", 0.1),
        ("end of life (C)", 1.25),
        ("total inside the shared boundary", pytest.approx(13.85)),
    ]
    assert [r.ours is None for r in found.rows] == [False, False, True, False, False]
    said = " | ".join(r.en for r in found.reasons)
    assert "ours leaves out installation" in said and "module D), -3, are in no total" in said
    assert "rules: published under eu.en-15804@a2" in said


def test_an_ilcd_epd_by_module(battery: LoadedStudy, tmp_path: Path) -> None:
    for folder, text in (("processes", ILCD_EPD), ("flows", FLOW)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.xml").write_text(text, encoding="utf-8")
    theirs, per = read_published(tmp_path)
    assert [(s.name.en, s.steps) for s in theirs.stages][-1] == (
        "end of life (C)",
        ("end_of_life",),
    ) and per == ""
    assert theirs.value == pytest.approx(sum(s.value or 0 for s in theirs.stages))
    assert beside_published(battery, tmp_path, "eu.pef@2021").rows


def test_a_unit_that_no_fact_converts_is_named_and_left_open(battery: LoadedStudy, tmp_path: Path) -> None:
    """Per square metre: no fact of a battery says so. Per kWh: the parameter says which kWh."""
    area = {**OPENEPD, "declared_unit": {"qty": 1, "unit": "m2"}}
    found = beside_published(battery, written(tmp_path, area), "eu.pef@2021")
    assert all(r.ours is None for r in found.rows) and "unit: published kgCO2e/m2" in found.reasons[0].en
    energy = {**PACT3, "pcf": PACT3["pcf"] | {"declaredUnitOfMeasurement": "megajoule"}}  # type: ignore[operator]
    found = beside_published(battery, written(tmp_path, energy), "pact.method@3", "capacity_gross")
    assert found.rows[0].ours == pytest.approx(6971.31 / (64 * 3.6), rel=1e-5)
    assert any("basis of the unit: published not stated, ours gross" in r.en for r in found.reasons)


@pytest.mark.parametrize(
    ("data", "per", "code"),
    [
        ([PACT3, {**PACT3, "id": "p9"}], "", "published-many"),
        ({**PACT3, "pcf": {}}, "", "exchange-footprint"),
        (PACT3, "capacity_gross", "published-per"),
        (PACT3, "nothing", "published-per"),
    ],
)
def test_what_cannot_be_set_beside_ours_is_refused(
    battery: LoadedStudy, tmp_path: Path, data: Any, per: str, code: str
) -> None:
    with pytest.raises(TanbiaoError) as caught:
        beside_published(battery, written(tmp_path, data), "pact.method@3", per)
    assert caught.value.problems[0].code == code


def test_one_of_several_results_by_its_id(tmp_path: Path) -> None:
    file = written(tmp_path, [PACT3, {**PACT3, "id": "p9", "productNameCompany": "Other"}])
    assert read_published(file, "p9")[0].source == "theirs.json: p9"
    assert read_published(file, "Other")[0].title == "Other, Maker"


@pytest.mark.skipif(not DATA.is_dir(), reason="foreign-made samples are not here")
def test_examples_of_the_specification_beside_ours(battery: LoadedStudy) -> None:
    """Foreign-made files: each comes with a total of its own and reasons."""
    files = sorted((DATA / "schemas/pact/spec-v3-examples").glob("example-*.json"))
    assert files
    for file in files:
        found = beside_published(battery, file, "pact.method@3")
        assert isinstance(found.rows[-1].theirs, float) and found.reasons
