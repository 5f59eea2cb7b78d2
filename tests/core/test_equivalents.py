"""Units of impact categories: what is counted as so much of something converts to nothing else."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tanbiao.core.units import UnitError, unit


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mol H+ eq", "mol H+-Eq"),
        ("kg SO2 eq", "kg SO2-Eq."),
        ("kg CFC-11 eq", "kg CFC11-Eq"),
        ("kBq U-235 eq", "kBq U235 eq"),
        ("kg CO2 eq", "kgCO2e"),
        ("kg NMVOC eq/kWh", "kg NMVOC-Eq/kWh"),
    ],
)
def test_spellings_of_one_unit(one: str, other: str) -> None:
    assert unit(one).to(unit(other)) == 1
    assert unit(one).text == one


def test_measures_of_one_thing_convert() -> None:
    assert unit("kg SO2 eq").to(unit("g SO2 eq")) == 1000
    assert unit("kg SO2 eq/kWh").to(unit("kg SO2 eq/MJ")) == Fraction(10, 36)
    assert unit("t CO2 eq").to(unit("kgCO2e")) == 1000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kg SO2 eq", "kg"),
        ("kg SO2 eq", "kg CO2 eq"),
        ("mol N eq", "mol H+ eq"),
        ("kg P eq", "mol P eq"),
        ("CTUh", "CTUe"),
        ("Pt", "person"),
        ("m3 world eq", "m3"),
    ],
)
def test_different_things_never_convert(one: str, other: str) -> None:
    with pytest.raises(UnitError):
        unit(one).to(unit(other))


@pytest.mark.parametrize(
    "text", ["kg eq", "sequence eq", "kgSO2eq", "furlong SO2 eq", "kg SO2 eq/", "mol CO2 eq"]
)
def test_what_is_no_unit(text: str) -> None:
    with pytest.raises(UnitError):
        unit(text)
