"""One JSON data set of openLCA, and its units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...core.errors import Place, TanbiaoError
from ..model import Inventory
from ..source import Source, decode
from ..units import factor_between, ours
from .schema import ENTITY


def read_entity(
    source: Source, name: str, inventory: Inventory, quiet: bool = False
) -> dict[str, Any] | None:
    try:
        data = ENTITY.decode(entity_bytes(source, name))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        if not quiet:
            inventory.report("exchange-json", source.place(name), detail=error)
        return None
    except TanbiaoError as error:
        if not quiet:
            inventory.problems.extend(error.problems)
        return None
    if not isinstance(data, dict) or not isinstance(data.get("@id"), str):
        if not quiet:
            inventory.report("exchange-entity", source.place(name), detail="no object with an @id")
        return None
    return data


def entity_bytes(source: Source, name: str) -> bytes:
    data = source.read(name)
    if data[:3] == b"\xef\xbb\xbf" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return decode(data, source.place(name)).encode()
    return data


def read_units(data: Mapping[str, Any], inventory: Inventory) -> str:
    """Take a unit group's factors in; returns its reference unit. A factor that is off is reported."""
    units = [u for u in data.get("units") or [] if isinstance(u, dict)]
    ref = next((u for u in units if u.get("isRefUnit") or u.get("referenceUnit")), None)
    for u in units:
        factor = u.get("conversionFactor", 1.0)
        if ref is None or not isinstance(factor, int | float) or not factor:
            continue
        name, reference = str(u.get("name")), str(ref.get("name"))
        inventory.units[name] = (reference, float(factor))
        mine, base = ours(name), ours(reference)
        exact = factor_between(mine[0], base[0]) if mine and base else None
        if mine and base and exact is not None:
            exact *= mine[1] / base[1]
            if abs(exact - factor) > 0.001 * abs(exact):
                inventory.report(
                    "exchange-unit-factor",
                    Place(inventory.name),
                    "warning",
                    unit=name,
                    reference=reference,
                    said=f"{factor:g}",
                    exact=f"{exact:.6g}",
                )
    return str((ref or (units[0] if units else {})).get("name") or "")
