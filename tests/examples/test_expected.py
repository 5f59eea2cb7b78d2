"""The examples find under each of their packs what `expected.yaml` says, no more and no less."""

from __future__ import annotations

from pathlib import Path

import pytest

import tanbiao.service as service
from tanbiao.core.text import plain, read_yaml
from tanbiao.evaluate import Result

ROOT = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(p.parent.name for p in ROOT.glob("*/expected.yaml") if "packs" in read_yaml(p))


@pytest.fixture(scope="module")
def results() -> dict[str, dict[str, Result]]:
    return {n: {r.rulebook.pack.name: r for r in service.load(ROOT / n).run().results} for n in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_findings_are_the_expected_ones(name: str, results: dict[str, dict[str, Result]]) -> None:
    expected = plain(read_yaml(ROOT / name / "expected.yaml")["packs"])
    assert list(results[name]) == list(expected)
    for pack, result in results[name].items():
        found = {f.clause: f.verdict for f in result.findings if f.verdict in ("fail", "not_evaluable")}
        assert found == {c: w["verdict"] for c, w in (expected[pack]["findings"] or {}).items()}, pack
        assert result.headline is not None
        assert result.headline.published == expected[pack]["headline"]["published"]


def test_stages_sum_to_the_headline(results: dict[str, dict[str, Result]]) -> None:
    for packs in results.values():
        for result in packs.values():
            headline = result.headline
            if headline is not None and isinstance(headline.value, float) and headline.stages:
                assert sum(s.value for s in headline.stages) == pytest.approx(headline.value, rel=1e-9)


def test_battery_under_the_chinese_notice(results: dict[str, dict[str, Result]]) -> None:
    """108.8 kgCO2e per kWh gross to the gate, and 0.1 for the constructed cell scrap; 28,800 kWh over life."""
    published = {p.name: p.value for p in results["lfp-pack"]["cn.miit-551@2025"].published}
    assert published["gate_per_gross"] == pytest.approx(108.8, abs=0.15)
    assert published["footprint_per_delivered"] == pytest.approx(
        published["footprint_per_gross"] * 64 / 28800
    )


def test_missing_recycling_leaves_the_european_result_open(results: dict[str, dict[str, Result]]) -> None:
    headline = results["lfp-pack"]["eu.2023-1542@2025-07"].headline
    assert headline is not None
    assert headline.value is None
    assert "material.recycling" in headline.missing


def test_five_processes_by_hand(results: dict[str, dict[str, Result]]) -> None:
    """The small study once more, in plain arithmetic."""
    alloy = (104 * 15 + 1 * 1.2 + 150 * 0.068) / 105  # kg alloy carries its mass share of 105 kg output
    gas = 1.03 * alloy + 3 * 0.068
    electric = 1.02 * alloy + 0.9 * 0.052 + 0.01
    machined = 1.1 * (0.6 * gas + 0.4 * electric) + 0.8 * 0.5777 + 0.1 * 0.5
    steel = 0.2 * (0.7 * 2.3 + 0.3 * 0.8 * 2.3 + 0.3 * 0.2 * 0.6 + 0.8 * 0.8 * (0.7 - 2.3) + 0.2 * 0.01)
    lorry, end = 1.2 / 1000 * 600 * 0.09, 0.95 * 0.5 + 0.05 * 0.01
    headline = results["five-processes"]["example.five-process@2026"].headline
    assert headline is not None
    assert headline.value == pytest.approx(machined + steel + 0.5 * 0.5777 + lorry + end, rel=1e-12)
