"""Processes of openLCA, one file at a time: all of a data set, or only what linking needs."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ...core.errors import TanbiaoError
from ..model import Allocation, Exchange, Flow, Inventory, Losses, Parameter, Process, Uncertainty
from ..source import Source
from .entities import entity_bytes
from .flows import category_of
from .schema import (
    ALLOCATIONS,
    DISTRIBUTIONS,
    DOCS,
    ENTITY,
    NAME,
    PROCESS,
    SLIM_PROCESS,
    Factor,
    FullProcess,
    NoSpread,
    SlimDocumentation,
    SlimProcess,
    Spread,
)


def read_processes(
    source: Source,
    names: list[str],
    inventory: Inventory,
    codes: Mapping[str, str],
    keep: bool,
    losses: Losses,
) -> Iterator[Process]:
    """One process at a time. The garbage collector rests meanwhile: it would walk every object read so far."""
    flows = inventory.flows
    resting = gc.isenabled()
    if resting:
        gc.disable()
    try:
        for done, name in enumerate(names):
            try:
                data = entity_bytes(source, name)
                if not keep:
                    made = _slim(data, flows, codes, name)
                    if made is not None:
                        yield made
                        continue
                raw = PROCESS.decode(data)
                if not raw.id:
                    inventory.report("exchange-entity", source.place(name), detail="no @id")
                    continue
                yield _process(raw, ENTITY.decode(data), codes, name, losses)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                inventory.report("exchange-json", source.place(name), detail=error)
            except TanbiaoError as error:
                inventory.problems.extend(error.problems)
            if done % 5000 == 4999:
                gc.collect()
    finally:
        if resting:
            gc.enable()


def _slim(data: bytes, flows: Mapping[str, Flow], codes: Mapping[str, str], name: str) -> Process | None:
    """The process from the fields that linking needs; None where it takes the full reading: a flow that is not held,
    an exchange without unit or with a formula, or what is wrong with it."""
    try:
        raw = SLIM_PROCESS.decode(data)
        exchanges = _slim_exchanges(raw, flows, codes)
    except (msgspec.ValidationError, KeyError):
        return None
    if not raw.id:
        return None
    for x in raw.exchanges:
        if x.amountFormula:
            return None
    said = raw.processDocumentation or _UNDOCUMENTED
    location = raw.location
    return Process(
        id=raw.id,
        name={"": raw.name},
        exchanges=exchanges,
        place=codes.get(location.id, location.name) if location is not None else "",
        kind="aggregated" if raw.processType == "LCI_RESULT" else "unit",
        category=category_of(raw.category),
        start=str(said.validFrom or "")[:10],
        end=str(said.validUntil or "")[:10],
        version=raw.version or "",
        licence=_licence(said.restrictionsDescription),
        where=name,
        default_allocation=ALLOCATIONS.get(raw.defaultAllocationMethod or "", ""),
        allocations=_allocations(raw.allocationFactors),
    )


_UNDOCUMENTED = SlimDocumentation()


class _Numbers(dict[int | None, str]):
    """The text of an exchange's number, made once."""

    def __missing__(self, number: int | None) -> str:
        text = "" if number is None else str(number)
        if len(self) < 100_000:
            self[number] = text
        return text


_NUMBERS = _Numbers()


def _slim_exchanges(
    raw: SlimProcess, flows: Mapping[str, Flow], codes: Mapping[str, str]
) -> tuple[Exchange, ...]:
    return tuple(
        [
            Exchange(
                number=_NUMBERS[x.internalId],
                flow=flows[x.flow.id].id,
                direction="input" if x.isInput or x.input else "output",
                amount=x.amount,
                unit=x.unit.name,
                reference=x.isQuantitativeReference or x.quantitativeReference,
                avoided=x.isAvoidedProduct or x.avoidedProduct,
                provider=x.defaultProvider.id if x.defaultProvider is not None else "",
                place=codes.get(x.location.id, x.location.name) if x.location is not None else "",
                uncertainty=None if isinstance(x.uncertainty, NoSpread) else x.uncertainty,
                quality=x.dqEntry or "",
            )
            for x in raw.exchanges
        ]
    )


def _allocations(factors: list[Factor]) -> tuple[Allocation, ...]:
    found = []
    for f in factors:
        method = ALLOCATIONS.get(f.allocationType)
        if method and f.product is not None:
            at = str(f.exchange.get("internalId", "")) if isinstance(f.exchange, dict) else ""
            found.append(
                Allocation(
                    method=method, product=f.product.id, value=f.value, exchange=at, formula=f.formula or ""
                )
            )
    return tuple(found)


def _process(
    raw: FullProcess, rest: dict[str, Any] | None, codes: Mapping[str, str], name: str, losses: Losses
) -> Process:
    exchanges = []
    kept = rest.get("exchanges") if rest else None
    for k, x in enumerate(raw.exchanges):
        said_input = x.isInput if x.isInput is not None else x.input
        foreign: dict[str, Any] = {}
        if isinstance(kept, list) and k < len(kept) and isinstance(kept[k], dict):
            foreign = {NAME: {a: b for a, b in kept[k].items() if a not in _KNOWN_EXCHANGE}}
        where = x.location
        exchanges.append(
            Exchange(
                number="" if x.internalId is None else str(x.internalId),
                flow=x.flow.id or x.flow.name,
                name=x.flow.name,
                direction="input" if said_input else "output",
                amount=x.amount,
                unit=x.unit.name if x.unit is not None else x.flow.refUnit or "",
                reference=bool(x.isQuantitativeReference or x.quantitativeReference),
                avoided=bool(x.isAvoidedProduct or x.avoidedProduct),
                provider=x.defaultProvider.id if x.defaultProvider is not None else "",
                place=codes.get(where.id, where.name) if where is not None else "",
                formula=x.amountFormula or "",
                property=x.flowProperty.id if x.flowProperty is not None and kept is not None else "",
                uncertainty=_uncertainty(x.uncertainty) if x.uncertainty is not None else None,
                quality=x.dqEntry or "",
                comment={"": x.description} if x.description and kept is not None else {},
                foreign=foreign,
            )
        )
    documentation = raw.processDocumentation or {}
    docs = {}
    if rest is not None:
        docs = {
            key: {"": str(documentation[theirs])} for key, theirs in DOCS.items() if documentation.get(theirs)
        }
        for theirs in DOCS.values():
            if documentation.get(theirs) == "":
                losses.add("empty text", f"{name}: {theirs}")
        if raw.description:
            docs["description"] = {"": raw.description}
    location = raw.location
    foreign = {}
    if rest is not None:
        foreign = {NAME: {k: v for k, v in rest.items() if k not in _KNOWN_PROCESS}}
        left = {k: v for k, v in documentation.items() if k not in DOCS.values()}
        if left:
            foreign[NAME]["processDocumentation"] = left
        if any(isinstance(f.exchange, dict) for f in raw.allocationFactors) or raw.allocationFactors:
            foreign[NAME]["allocationFactors"] = rest.get("allocationFactors")
        if raw.parameters:
            foreign[NAME]["parameters"] = rest.get("parameters")
    return Process(
        id=raw.id,
        name={"": raw.name},
        exchanges=tuple(exchanges),
        place=codes.get(location.id, location.name) if location is not None else "",
        kind="aggregated" if raw.processType == "LCI_RESULT" else "unit",
        category=category_of(raw.category),
        start=str(documentation.get("validFrom") or "")[:10],
        end=str(documentation.get("validUntil") or "")[:10],
        version=raw.version or "",
        licence=_licence(documentation.get("restrictionsDescription")),
        quality=raw.dqEntry or "",
        default_allocation=ALLOCATIONS.get(raw.defaultAllocationMethod or "", ""),
        allocations=_allocations(raw.allocationFactors),
        parameters=tuple(read_parameter(p, raw.id, rest is not None) for p in raw.parameters),
        docs=docs,
        where=name,
        foreign=foreign,
    )


_KNOWN_EXCHANGE = frozenset(
    (
        "amount",
        "amountFormula",
        "dqEntry",
        "description",
        "isInput",
        "isQuantitativeReference",
        "isAvoidedProduct",
        "internalId",
    )
)
_KNOWN_PROCESS = frozenset(("exchanges", "@id", "name", "version", "description", "dqEntry"))


def _licence(restrictions: Any) -> str:
    said = str(restrictions or "")
    if len(said) <= 80:
        return said
    for mark, licence in (
        ("CC0", "CC0 1.0"),
        ("Creative Commons Attribution-NonCommercial", "CC BY-NC"),
        ("Creative Commons Attribution", "CC BY"),
    ):
        if mark in said:
            return licence
    return " ".join(said.split())[:120]


def read_parameter(data: Mapping[str, Any], process: str, keep: bool) -> Parameter:
    value = data.get("value")
    return Parameter(
        name=str(data.get("name") or ""),
        process=process,
        formula=str(data.get("formula") or ""),
        value=float(value) if isinstance(value, int | float) else None,
        comment={"": str(data["description"])} if data.get("description") else {},
        foreign={NAME: dict(data)} if keep else {},
    )


def _uncertainty(u: Spread) -> Uncertainty | None:
    kind = _DISTRIBUTIONS.get(u.distributionType, "")
    if kind == "lognormal" and u.geomMean is not None and u.geomSd is not None:
        return Uncertainty(kind="lognormal", a=u.geomMean, b=u.geomSd)
    if kind == "normal" and u.mean is not None and u.sd is not None:
        return Uncertainty(kind="normal", a=u.mean, b=u.sd)
    if kind == "uniform" and u.minimum is not None and u.maximum is not None:
        return Uncertainty(kind="uniform", a=u.minimum, b=u.maximum)
    if kind == "triangular" and u.minimum is not None and u.maximum is not None and u.mode is not None:
        return Uncertainty(kind="triangular", a=u.minimum, b=u.mode, c=u.maximum)
    return None


_DISTRIBUTIONS = {theirs: kind for kind, theirs in DISTRIBUTIONS.items()} | {
    "LOGNORMAL_DISTRIBUTION": "lognormal"
}
