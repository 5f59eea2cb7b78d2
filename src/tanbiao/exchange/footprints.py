"""Results without inventory: PACT v3 and v2.3 footprints, openEPD declarations. Each is a provider of its own.

Read from foreign-made files: the examples of PACT's specification 3.0. PACT v2.3 is read by its specification and
openEPD by its Python model (no complete openEPD file was at hand): both are experimental.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from ..core.errors import Place, TanbiaoError
from ..core.numbers import decimal_text, number
from . import epd
from .model import Inventory, Result
from .source import Source, decode

PACT3, PACT2, OPENEPD = "pact3", "pact2", "openepd"
UNITS = {
    "liter": "L",
    "kilogram": "kg",
    "cubic meter": "m3",
    "kilowatt hour": "kWh",
    "megajoule": "MJ",
    "ton kilometer": "t·km",
    "square meter": "m2",
    "piece": "piece",
    "hour": "h",
    "megabit second": "megabit second",
}
_GWP = (("AR6", "AR6"), ("AR5", "AR5"), ("AR4", "AR4"))
MAX_FOOTPRINTS = 200_000


def recognises(source: Source) -> str:
    """`pact3`, `pact2`, `openepd`, or empty."""
    if source.name.lower().endswith(".epb") or any(
        n.startswith("epd/") for n in (e.name for e in source.entries)
    ):
        return OPENEPD
    for name in source.names(".json")[:2]:
        head = source.head(name, 60_000)
        if b'"declaredUnitOfMeasurement"' in head:
            return PACT3
        if b'"unitaryProductAmount"' in head or (b'"pcf"' in head and b'"specVersion"' in head):
            return (
                PACT2
                if b'"specVersion": "2' in head
                or b'"specVersion":"2' in head
                or b"unitaryProductAmount" in head
                else PACT3
            )
        if re.search(rb'"doctype"\s*:\s*"openEPD"', head) or (
            b'"declared_unit"' in head and b'"impacts"' in head
        ):
            return OPENEPD
    return ""


def read(source: Source, keep: bool = True) -> Inventory:
    """Every footprint or declaration of the source; a bad one is reported and left out."""
    kind = recognises(source) or PACT3
    inventory = Inventory(kind, source.name, experimental=kind != PACT3)
    if source.name.lower().endswith(".epb"):
        for needed in ("manifest", "toc"):
            if needed not in source:
                inventory.report("exchange-epd-bundle", source.place(needed), missing=needed)
        if "manifest" in source:
            _json(source, "manifest", inventory)
    names = [n for n in source.names(".json") if not n.startswith(("pcr/", "blob/"))]
    for name in names:
        data = _json(source, name, inventory)
        for k, item in enumerate(_items(data)):
            place = source.place(name, f"[{k}]" if k else None)
            try:
                result = (_epd if kind == OPENEPD else _pact)(item, keep, str(place))
                if result.id in {r.id for r in inventory.results[-50:]}:
                    raise ValueError(f"the id {result.id} stands twice")
                inventory.results.append(result)
            except _Bad as bad:
                inventory.report(
                    "exchange-footprint",
                    Place(place.file, path=bad.field),
                    field=bad.field,
                    detail=bad.detail,
                )
            except (
                TypeError,
                ValueError,
                KeyError,
                AttributeError,
                InvalidOperation,
                ArithmeticError,
            ) as error:
                inventory.report(
                    "exchange-footprint", place, field="-", detail=str(error) or type(error).__name__
                )
            if k > MAX_FOOTPRINTS:
                break
    inventory.expected = len(inventory.results)
    return inventory


class _Bad(Exception):
    def __init__(self, field: str, detail: str) -> None:
        self.field, self.detail = field, detail


def _json(source: Source, name: str, inventory: Inventory) -> Any:
    try:
        return json.loads(
            decode(source.read(name), source.place(name)), parse_float=Decimal, parse_constant=_constant
        )
    except TanbiaoError as error:
        inventory.problems.extend(error.problems)
    except (ValueError, RecursionError) as error:
        inventory.report("exchange-json", source.place(name), detail=error)
    return None


def _constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _items(data: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(data, Mapping) and isinstance(data.get("data"), list | Mapping):
        data = data["data"]
        if isinstance(data, Mapping) and isinstance(data.get("pfs"), list):
            data = data["pfs"]
    if isinstance(data, list):
        yield from (d for d in data if isinstance(d, Mapping))
    elif isinstance(data, Mapping):
        yield data


def _decimal(value: Any, field: str) -> str:
    """A decimal text; PACT writes numbers as texts."""
    if isinstance(value, bool) or value is None:
        raise _Bad(field, "a number is missing")
    if isinstance(value, int | Decimal):
        value = str(value)
    if not isinstance(value, str):
        raise _Bad(field, f"{type(value).__name__} instead of a number")
    try:
        found = number(value)
    except ValueError:
        raise _Bad(field, f"{value[:40]!r} is no number") from None
    if not math.isfinite(float(found)):
        raise _Bad(field, "not finite")
    return decimal_text(found)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""


def _pact(data: Mapping[str, Any], keep: bool, where: str) -> Result:
    pcf = data.get("pcf")
    if not isinstance(pcf, Mapping):
        raise _Bad("pcf", "missing")
    old = "unitaryProductAmount" in pcf or str(data.get("specVersion", "")).startswith("2")
    ident = _text(data.get("id"))
    if not ident:
        raise _Bad("id", "missing")
    unit_text = _text(pcf.get("declaredUnit" if old else "declaredUnitOfMeasurement"))
    unit = UNITS.get(unit_text)
    if unit is None:
        raise _Bad(
            "pcf.declaredUnit" if old else "pcf.declaredUnitOfMeasurement",
            f"{unit_text[:40]!r} is no unit of PACT",
        )
    amount = _decimal(
        pcf.get("unitaryProductAmount" if old else "declaredUnitAmount"),
        "pcf.unitaryProductAmount" if old else "pcf.declaredUnitAmount",
    )
    if number(amount) <= 0:
        raise _Bad("pcf.declaredUnitAmount", "must be above zero")
    total = pcf.get("pCfExcludingBiogenic" if old else "pcfExcludingBiogenicUptake")
    values = {
        "total": _decimal(total, "pcf.pCfExcludingBiogenic" if old else "pcf.pcfExcludingBiogenicUptake")
    }
    fields = (
        ("A", "fossilGhgEmissions"),
        ("biogenic", "otherBiogenicGhgEmissions" if old else "biogenicNonCO2Emissions"),
        ("E", "dLucGhgEmissions" if old else "landUseChangeGhgEmissions"),
        ("uptake", "biogenicCarbonWithdrawal" if old else "biogenicCO2Uptake"),
    )
    for position, key in fields:
        if pcf.get(key) is not None:
            values[position] = _decimal(pcf[key], f"pcf.{key}")
    start, end = _text(pcf.get("referencePeriodStart")), _text(pcf.get("referencePeriodEnd"))
    if not start or not end:
        raise _Bad("pcf.referencePeriodStart", "the reference period is missing")
    gwp_said = " ".join(
        _text(v)
        for v in _list(pcf.get("ipccCharacterizationFactors"))
        or _list(pcf.get("ipccCharacterizationFactorsSources"))
        or [pcf.get("characterizationFactors")]
    )
    said_dqi = pcf.get("dqi")
    dqi: Mapping[str, Any] = said_dqi if isinstance(said_dqi, Mapping) else {}
    quality = {
        ours: _text(dqi.get(theirs))
        for ours, theirs in (("TeR", "technologicalDQR"), ("GeR", "geographicalDQR"), ("TiR", "temporalDQR"))
        if _text(dqi.get(theirs))
    }
    verification = pcf.get("assurance" if old else "verification")
    said = verification if isinstance(verification, Mapping) else {}
    rules = [
        _text(v)
        for v in _list(pcf.get("crossSectoralStandards")) or _list(pcf.get("crossSectoralStandardsUsed"))
    ]
    place = next(
        (
            _text(pcf[k])
            for k in ("geographyCountrySubdivision", "geographyCountry", "geographyRegionOrSubregion")
            if pcf.get(k)
        ),
        "",
    )
    mass = pcf.get("productMassPerDeclaredUnit")
    return Result(
        id=ident,
        name={"": _text(data.get("productNameCompany")) or _text(data.get("productDescription")) or ident},
        kind="pcf",
        unit=unit,
        amount=amount,
        values=values,
        mass=_decimal(mass, "pcf.productMassPerDeclaredUnit") if mass is not None else "",
        place=place,
        start=start[:10],
        end=end[:10],
        valid_until=_text(data.get("validityPeriodEnd"))[:10],
        company=_text(data.get("companyName")),
        gwp=next((g for mark, g in _GWP if mark in gwp_said), ""),
        rules=tuple(rules),
        primary_share=_text(pcf.get("primaryDataShare")),
        quality=quality,
        verification="; ".join(
            _text(said.get(k)) for k in ("coverage", "providerName", "completedAt") if _text(said.get(k))
        ),
        version=_text(data.get("specVersion")),
        comment={"": f"cradle to gate; {_text(data.get('productDescription'))}"},
        licence="supplier's footprint, for the receiving party",
        where=where,
        foreign={PACT2 if old else PACT3: _plain(data)} if keep else {},
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, Decimal) else value


# -- openEPD -------------------------------------------------------------------------------------------------

_STAGES = (
    "A1A2A3",
    "A1",
    "A2",
    "A3",
    "A4",
    "A5",
    "B1",
    "B2",
    "B3",
    "B4",
    "B5",
    "B6",
    "B7",
    "C1",
    "C2",
    "C3",
    "C4",
    "D",
)
_INDICATORS = {
    "gwp": "GWP-total",
    "gwp-fossil": "GWP-fossil",
    "gwp-biogenic": "GWP-biogenic",
    "gwp-luluc": "GWP-luluc",
}


def _epd(data: Mapping[str, Any], keep: bool, where: str) -> Result:
    unit_data = data.get("declared_unit")
    if not isinstance(unit_data, Mapping):
        raise _Bad("declared_unit", "missing")
    amount = _decimal(unit_data.get("qty"), "declared_unit.qty")
    if number(amount) <= 0:
        raise _Bad("declared_unit.qty", "must be above zero")
    impacts = data.get("impacts")
    if not isinstance(impacts, Mapping) or not impacts:
        raise _Bad("impacts", "missing")
    method = next((m for m in impacts if "EF 3.1" in m or "EN 15804" in m), next(iter(impacts)))
    chosen = impacts[method]
    modules: dict[str, dict[str, str]] = {}
    for name, scopes in chosen.items() if isinstance(chosen, Mapping) else ():
        key = _INDICATORS.get(str(name).lower())
        if key is None or not isinstance(scopes, Mapping):
            continue
        for stage, value in scopes.items():
            if stage in _STAGES and isinstance(value, Mapping) and value.get("mean") is not None:
                said = _text(value.get("unit")).replace(" ", "").lower()
                if said not in ("kgco2e", "kgco2eq", "kgco2-eq", ""):
                    raise _Bad(f"impacts.{method}.{name}.{stage}.unit", f"{said[:30]!r} is no kgCO2e")
                modules.setdefault(stage, {})[key] = _decimal(
                    value["mean"], f"impacts.{method}.{name}.{stage}.mean"
                )
    chosen_modules = epd.gate(modules)
    if not chosen_modules:
        raise _Bad(f"impacts.{method}.gwp", "no value for A1 to A3")
    values = epd.declared(modules, chosen_modules)
    maker = data.get("manufacturer")
    plants = [p for p in _list(data.get("plants")) if isinstance(p, Mapping)]
    place = next(
        ((_text(p.get("pluscode")) and _text(p.get("country"))) or _text(p.get("country")) for p in plants),
        "",
    )
    verifier = data.get("third_party_verifier")
    kg = data.get("kg_per_declared_unit")
    kg_amount = kg.get("qty") if isinstance(kg, Mapping) else kg
    return Result(
        id=_text(data.get("id"))
        or _text(data.get("program_operator_doc_id"))
        or _text(data.get("declaration_url"))
        or where,
        name={"": _text(data.get("product_name")) or _text(data.get("name")) or "EPD"},
        kind="epd",
        unit=_text(unit_data.get("unit")) or "piece",
        amount=amount,
        values=values,
        modules=modules,
        place=place,
        mass=_decimal(kg_amount, "kg_per_declared_unit") if kg_amount is not None else "",
        start=_text(data.get("date_of_issue"))[:10],
        valid_until=_text(data.get("valid_until"))[:10],
        company=_text(maker.get("name")) if isinstance(maker, Mapping) else "",
        rules=(method,),
        gwp="AR6" if "EF 3.1" in method else "AR5" if "EF 3.0" in method or "TRACI" in method else "",
        verification=_text(verifier.get("name")) if isinstance(verifier, Mapping) else "",
        version=_text(data.get("version")),
        licence=_text(data.get("license_terms")),
        comment={"": "value: modules " + "+".join(chosen_modules)},
        where=where,
        foreign={OPENEPD: _plain(data)} if keep else {},
    )


__all__ = ["OPENEPD", "PACT2", "PACT3", "read", "recognises"]
