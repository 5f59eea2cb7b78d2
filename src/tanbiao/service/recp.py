"""RECP indicators (UNIDO/UNEP): resource productivity and pollution intensity, from the plant's own yearly totals.

The core set is from memory of the indicator guide; quantities stand in study.yaml under `plant.recp`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ..core.errors import TanbiaoError, refuse
from ..core.numbers import decimal_text, number
from ..core.units import Unit, UnitError, unit
from ..exchange.model import Loss
from ..study import Study, read_study
from .exchange import Exported
from .files import write

PRODUCTIVITY = ("energy", "materials", "water")
INTENSITY = ("ghg", "waste", "waste_water")


@dataclass(frozen=True)
class Indicator:
    """One indicator: productivity is output per resource, intensity is burden per output."""

    name: str
    kind: str
    value: Fraction | None
    unit: str


def recp(study: Study) -> list[Indicator]:
    """The six indicators; one whose total is not given has no value. Refuses (`recp-output`) without output."""
    output = _quantity(study, "output")
    if output is None or output[0] == 0:
        raise refuse("recp-output", study.place_of("plant.recp.output"))
    found = []
    for name in (*PRODUCTIVITY, *INTENSITY):
        total = _quantity(study, name)
        per = name in INTENSITY
        value = (
            None
            if total is None or (not per and total[0] == 0)
            else total[0] / output[0]
            if per
            else output[0] / total[0]
        )
        units = ((total[1].text if total else "?"), output[1].text)
        found.append(
            Indicator(
                name, "intensity" if per else "productivity", value, "/".join(units if per else units[::-1])
            )
        )
    return found


def export_recp(study: Path, target: Path) -> Exported:
    """The indicators as CSV; what is not carried are those whose yearly total the study does not give."""
    found, problems = read_study(study)
    errors = [p for p in problems if p.level == "error"]
    if errors:
        raise TanbiaoError(errors)
    indicators = recp(found)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["indicator", "kind", "value", "unit"])
    for i in indicators:
        writer.writerow([i.name, i.kind, "" if i.value is None else decimal_text(i.value), i.unit])
    lacking = tuple(
        Loss(field=f"plant.recp.{i.name}", count=1, example=i.kind) for i in indicators if i.value is None
    )
    return Exported(write(target, out.getvalue()), "recp", lacking)


def _quantity(study: Study, name: str) -> tuple[Fraction, Unit] | None:
    text = str(study.at(f"plant.recp.{name}") or "")
    if not text:
        return None
    amount, _, rest = text.partition(" ")
    try:
        return number(amount), unit(rest)
    except (ValueError, UnitError):
        raise refuse("recp-quantity", study.place_of(f"plant.recp.{name}"), text=text) from None
