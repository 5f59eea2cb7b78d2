"""Distributions of a source reach the library, its draws and the way back; what cannot be carried is said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tanbiao.exchange import Head, Rules, link, write_library
from tanbiao.exchange.model import Exchange, Inventory, Uncertainty
from tanbiao.exchange.ours import library_inventory
from tanbiao.library import Library, compile_library, read_library, sampled
from tanbiao.library.elementary import read_elementary

from .made import buy, gas, inventory, out, process, product, ref

Loss = dict[str, int]


def imported(made: Inventory, folder: Path) -> tuple[Library, Loss]:
    folder.mkdir()
    _, losses = write_library(folder, link(made, Rules()), made, Head("t"))
    library, problems = read_library(folder)
    assert problems == []
    return library, {x.field: x.count for x in losses if x.field.startswith("exchange.")}


def plant(*emissions: Exchange, bought: Exchange | None = None) -> Inventory:
    return inventory(
        process("a", ref("A"), *([bought] if bought else []), *emissions),
        process("b", ref("B"), out("co2", 3)),
        A=product("A"),
        B=product("B"),
        co2=gas("co2", "Carbon dioxide, fossil"),
    )


def spread(x: Exchange, kind: str, a: float, b: float, c: float | None = None, quality: str = "") -> Exchange:
    return msgspec.structs.replace(
        x,
        uncertainty=Uncertainty(kind=kind, a=a, b=b, c=c),
        quality=quality,  # type: ignore[arg-type]
    )


def test_every_kind_arrives_in_the_unit_of_the_row_with_its_pedigree(tmp_path: Path) -> None:
    made = plant(
        spread(out("co2", 2), "lognormal", 2, 1.3, quality="(2,3,1,1,5)"),
        spread(out("co2", 500, "g"), "normal", 500, 20),
        spread(out("co2", 4), "uniform", 3, 6),
        bought=spread(buy("B", 5), "triangular", 4, 5, 9),
    )
    library, losses = imported(made, tmp_path / "x")
    rows = {x.distribution: x for x in library.exchanges if x.distribution}
    assert rows["lognormal"].spread == Fraction("1.3") and rows["lognormal"].pedigree == "(2,3,1,1,5)"
    assert (rows["normal"].amount, rows["normal"].spread) == (Fraction("0.5"), Fraction("0.02"))
    assert (rows["uniform"].least, rows["uniform"].greatest) == (3, 6)
    assert (rows["triangular"].least, rows["triangular"].greatest) == (4, 9)
    assert "exchange.uncertainty" not in " ".join(losses) and "exchange.quality" not in losses
    found = sampled(library, compile_library(library, "AR6"), ["a", "b"], 1)
    assert found is not None and found.items == ("a",) and found.drawn == 4
    means = 2 * np.exp(np.log(1.3) ** 2 / 2) + 0.5 + 4.5 + 3 * 6
    assert found.means.sum() == pytest.approx(means)


def test_a_mirrored_sign_mirrors_the_ends(tmp_path: Path) -> None:
    library, _ = imported(plant(bought=spread(buy("B", -5), "uniform", -7, -4)), tmp_path / "x")
    row = next(x for x in library.exchanges if x.distribution)
    assert row.amount == -5 and (row.least, row.greatest) == (-7, -4)


@pytest.mark.parametrize(
    ("x", "why"),
    [
        (spread(out("co2", 2), "lognormal", 2.5, 1.3), "lognormal with another median than the amount"),
        (spread(out("co2", 2), "lognormal", 2, 0.8), "lognormal with a geometric standard deviation below 1"),
        (spread(out("co2", 2), "normal", 3, 1), "normal with another mean than the amount"),
        (spread(out("co2", 2), "uniform", 3, 4), "uniform whose ends do not hold the amount"),
        (spread(out("co2", 2), "triangular", 1, 2.5, 4), "triangular with another mode than the amount"),
        (spread(out("co2", 0), "normal", 0, 1), "of an amount of zero"),
        (spread(ref("A"), "normal", 1, 0.1), "of a reference output"),
    ],
)
def test_a_distribution_that_cannot_be_carried_is_a_loss_and_changes_no_amount(
    tmp_path: Path, x: Exchange, why: str
) -> None:
    made = (
        plant(out("co2", 1), x)
        if not x.reference
        else inventory(
            process("a", x, out("co2", 1)), A=product("A"), co2=gas("co2", "Carbon dioxide, fossil")
        )
    )
    library, losses = imported(made, tmp_path / "x")
    assert any(name.startswith(f"exchange.uncertainty: {why}") and n == 1 for name, n in losses.items())
    assert not any(row.distribution for row in library.exchanges)
    assert float(x.amount) in {float(row.amount) for row in library.exchanges}


def test_a_library_without_distributions_is_written_as_before(tmp_path: Path) -> None:
    imported(plant(out("co2", 1)), tmp_path / "x")
    header = (tmp_path / "x" / "exchanges.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.endswith(",note")


def test_the_writers_get_back_what_the_library_holds(tmp_path: Path) -> None:
    made = plant(
        spread(out("co2", 2), "lognormal", 2, 1.3, quality="(2,3,1,1,5)"),
        bought=spread(buy("B", 5), "triangular", 4, 5, 9),
    )
    library, _ = imported(made, tmp_path / "x")
    back = library_inventory(library)
    said = {x.uncertainty.kind: x for p in back for x in p.exchanges if x.uncertainty is not None}
    assert said["lognormal"].uncertainty == Uncertainty(kind="lognormal", a=2, b=1.3)
    assert said["lognormal"].quality == "(2,3,1,1,5)"
    assert said["triangular"].uncertainty == Uncertainty(kind="triangular", a=4, b=5, c=9)


def test_distributions_of_nature_reach_the_writers(tmp_path: Path) -> None:
    dust = msgspec.structs.replace(gas("dust", "Particles"), unit="g")
    made = inventory(
        process(
            "a",
            ref("A"),
            spread(out("dust", 2, "g"), "lognormal", 2, 1.3),
            spread(out("dust", 4), "uniform", 3, 6),
        ),
        process("b", ref("B"), spread(out("dust", -2, "g"), "normal", -2, 0.5), out("dust", 1)),
        A=product("A"),
        B=product("B"),
        dust=dust,
    )
    library, losses = imported(made, tmp_path / "x")
    assert not any("uncertainty" in x for x in losses)
    nature, problems = read_elementary(tmp_path / "x", library.processes)
    back = library_inventory(library, nature)
    assert problems == [] and not any("uncertainty" in x.field for x in back.losses.report())
    said = [x.uncertainty for p in back for x in p.exchanges if x.flow == "dust"]
    assert said[:2] == [
        Uncertainty(kind="lognormal", a=2, b=1.3),
        Uncertainty(kind="uniform", a=3000, b=6000),
    ]
    assert said[2:] == [Uncertainty(kind="normal", a=-2, b=0.5), None]
