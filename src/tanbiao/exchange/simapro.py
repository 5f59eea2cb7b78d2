"""SimaPro CSV (reading only). Experimental: written from public descriptions of the layout; no file was at hand.

The package bw_simapro_csv was not taken in: it brings eight packages for one format that nobody here could test it on.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from typing import Any

from ..core.errors import Place, TanbiaoError
from .model import Allocation, Exchange, Flow, FlowKind, Inventory, Parameter, Process, Uncertainty
from .source import Source

NAME = "simapro"
PRODUCTS = ("Products", "Waste treatment", "Waste scenario")
TECHNOSPHERE = ("Materials/fuels", "Electricity/heat", "Waste to treatment", "Avoided products")
NATURE = {
    "Resources": "Resources",
    "Emissions to air": "Emissions to air",
    "Emissions to water": "Emissions to water",
    "Emissions to soil": "Emissions to soil",
    "Final waste flows": "Final waste flows",
    "Non material emissions": "Non material emissions",
}
COMMON = ("Database ", "Project ")
_FORMULA = re.compile(r"[A-Za-z_()*/^+]|(?<=.)-")
LISTS = (
    *PRODUCTS,
    *TECHNOSPHERE,
    *NATURE,
    "Input parameters",
    "Calculated parameters",
    "Social issues",
    "Economic issues",
    "Separated waste",
    "Remaining waste",
)


def recognises(source: Source) -> bool:
    """Whether it is a CSV with SimaPro's head in braces."""
    if not source.single:
        return False
    head = source.head(source.entries[0].name, 3000)
    return b"{SimaPro" in head or (b"{CSV " in head and b"separator" in head)


def read(source: Source, keep: bool = True) -> Inventory:
    inventory = Inventory(NAME, source.name, experimental=True)
    try:
        text = source.text(source.entries[0].name)
    except TanbiaoError as error:
        inventory.problems.extend(error.problems)
        return inventory
    inventory.processes = tuple(_processes(text, inventory, source.entries[0].name, keep))
    inventory.expected = len(inventory.processes)
    return inventory


def _settings(text: str) -> tuple[str, str]:
    separator, decimal = ";", "."
    found = re.search(r"\{CSV separator:\s*(\w+)\}", text)
    if found:
        separator = {"semicolon": ";", "comma": ",", "tab": "\t", "tabs": "\t"}.get(
            found.group(1).lower(), ";"
        )
    found = re.search(r"\{Decimal separator:\s*(.)\s*\}", text)
    if found:
        decimal = found.group(1)
    return separator, decimal


def _cells(line: str, separator: str) -> list[str]:
    out: list[str] = []
    cell: list[str] = []
    quoted = False
    for c in line:
        if c == '"':
            quoted = not quoted
        elif c == separator and not quoted:
            out.append("".join(cell).strip())
            cell = []
        else:
            cell.append(c)
    out.append("".join(cell).strip())
    return [c.replace("\x7f", "\n") for c in out]


def _processes(text: str, inventory: Inventory, name: str, keep: bool) -> Iterator[Process]:
    separator, decimal = _settings(text[:3000])
    block: dict[str, list[tuple[int, list[str]]]] | None = None
    key, began = "", 0
    for n, line in enumerate(text.splitlines(), start=1):
        bare = line.strip().strip(separator).strip('"').strip()
        if line.startswith("{"):
            continue
        if block is None:
            if bare in ("Process", "Product stage"):
                block, key, began = {}, "", n
            elif bare.startswith(COMMON) and bare.endswith("parameters"):
                block, key, began = {bare: []}, bare, n
            continue
        if bare == "End":
            try:
                if next(iter(block), "").startswith(COMMON):
                    for prefix in COMMON:
                        inventory.parameters += _parameters(block, decimal, prefix)
                    block = None
                    continue
                process = _process(block, decimal, inventory, name, began, keep)
                if process is not None:
                    yield process
            except _Bad as bad:
                inventory.report("number-expected", Place(name, bad.line), text=bad.text)
            block = None
            continue
        if not bare:
            if key not in LISTS or block.get(key):
                key = ""
            continue
        if (
            not key
            or (separator not in line and bare in LISTS)
            or (separator not in line and key not in LISTS and block.get(key))
        ):
            key = bare
            block.setdefault(key, [])
            continue
        block.setdefault(key, []).append((n, _cells(line, separator)))
    if block is not None:
        inventory.report("exchange-simapro-end", Place(name, began))


class _Bad(Exception):
    def __init__(self, line: int, text: str) -> None:
        self.line, self.text = line, text[:60]


def _number(text: str, decimal: str, line: int) -> float:
    plain = text.replace(decimal, ".") if decimal != "." else text
    try:
        value = float(plain)
    except ValueError:
        raise _Bad(line, text) from None
    if not math.isfinite(value):
        raise _Bad(line, text)
    return value


def _amount(text: str, decimal: str, line: int) -> dict[str, Any]:
    """`amount` and `formula` of an exchange: a formula over parameters stands in the place of its amount."""
    if not _FORMULA.search(text):
        return {"amount": _number(text, decimal, line)}
    plain = text.replace(decimal, ".") if decimal != "." else text
    try:
        return {"amount": _number(text, decimal, line)}  # 1e-3
    except _Bad:
        return {"amount": math.nan, "formula": plain}


def _one(block: dict[str, list[tuple[int, list[str]]]], key: str) -> str:
    rows = block.get(key) or []
    return rows[0][1][0] if rows else ""


def _mark(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def _flow(
    inventory: Inventory, name: str, unit: str, kind: FlowKind, compartment: tuple[str, ...] = ()
) -> str:
    ident = _mark("elementary", name, *compartment) if kind == "elementary" else _mark("product", name)
    inventory.flows.setdefault(
        ident, Flow(id=ident, name={"en": name}, kind=kind, unit=unit, compartment=compartment)
    )
    return ident


def _place_of(name: str) -> str:
    found = re.search(r"\{([A-Za-z]{2,4}(?:-[A-Za-z]{2,3})?)\}", name)
    return found.group(1) if found else ""


def _parameters(
    block: dict[str, list[tuple[int, list[str]]]], decimal: str, prefix: str = ""
) -> list[Parameter]:
    found = []
    for section, formula in (("Input parameters", False), ("Calculated parameters", True)):
        for line, cells in block.get(f"{prefix}{section}", []):
            said = cells[1] if len(cells) > 1 else ""
            found.append(
                Parameter(
                    name=cells[0],
                    value=None if formula else _number(said, decimal, line),
                    formula=said.replace(decimal, ".") if formula else "",
                )
            )
    return found


def _process(
    block: dict[str, list[tuple[int, list[str]]]],
    decimal: str,
    inventory: Inventory,
    name: str,
    began: int,
    keep: bool,
) -> Process | None:
    exchanges: list[Exchange] = []
    allocations: list[Allocation] = []
    for section in PRODUCTS:
        for line, cells in block.get(section, []):
            waste = section != "Products"
            amount = _amount(cells[2] if len(cells) > 2 else "", decimal, line)
            flow = _flow(inventory, cells[0], cells[1], "waste" if waste else "product")
            exchanges.append(
                Exchange(
                    number=str(line),
                    flow=flow,
                    name=cells[0],
                    direction="input" if waste else "output",
                    **amount,
                    unit=cells[1],
                    reference=waste or not any(x.reference for x in exchanges),
                )
            )
            if not waste and len(cells) > 3 and cells[3]:
                allocations.append(
                    Allocation(method="physical", product=flow, value=_number(cells[3], decimal, line) / 100)
                )
    for section in TECHNOSPHERE:
        for line, cells in block.get(section, []):
            amount = _amount(cells[2] if len(cells) > 2 else "", decimal, line)
            waste = section == "Waste to treatment"
            flow = _flow(inventory, cells[0], cells[1], "waste" if waste else "product")
            exchanges.append(
                Exchange(
                    number=str(line),
                    flow=flow,
                    name=cells[0],
                    unit=cells[1],
                    **amount,
                    direction="output" if waste else "input",
                    avoided=section == "Avoided products",
                    uncertainty=_uncertainty(cells, 3, amount["amount"], decimal, line),
                    comment={"": cells[-1]} if keep and len(cells) > 7 and cells[-1] else {},
                )
            )
    for section, compartment in NATURE.items():
        for line, cells in block.get(section, []):
            if len(cells) < 4:
                raise _Bad(line, "; ".join(cells))
            amount = _amount(cells[3], decimal, line)
            where = (compartment, cells[1]) if cells[1] else (compartment,)
            flow = _flow(inventory, cells[0], cells[2], "elementary", where)
            exchanges.append(
                Exchange(
                    number=str(line),
                    flow=flow,
                    name=cells[0],
                    unit=cells[2],
                    **amount,
                    direction="input" if section == "Resources" else "output",
                    uncertainty=_uncertainty(cells, 4, amount["amount"], decimal, line),
                )
            )
    parameters = _parameters(block, decimal)
    ident = _one(block, "Process identifier")
    title = _one(block, "Process name") or (exchanges[0].name if exchanges else ident)
    if not exchanges:
        inventory.report("exchange-entity", Place(name, began), detail="a process without exchanges")
        return None
    several = len([x for x in exchanges if x.flow in {a.product for a in allocations}]) > 1
    docs = {"description": {"": _one(block, "Comment")}} if keep and _one(block, "Comment") else {}
    return Process(
        id=ident or _mark(title),
        name={"en": title},
        exchanges=tuple(exchanges),
        place=_place_of(exchanges[0].name) or "",
        category=(_one(block, "Category type"),),
        start="",
        allocations=tuple(allocations) if several else (),
        default_allocation="physical" if several else "",
        parameters=tuple(parameters),
        docs=docs,
        where=f"{name}#line {began}",
    )


def _uncertainty(cells: list[str], at: int, amount: float, decimal: str, line: int) -> Uncertainty | None:
    kind = cells[at].lower() if len(cells) > at + 3 else ""
    if kind == "lognormal" and cells[at + 1]:
        spread = _number(cells[at + 1], decimal, line)
        return Uncertainty(kind="lognormal", a=amount, b=spread**0.5) if spread > 0 else None
    if kind == "normal" and cells[at + 1]:
        return Uncertainty(kind="normal", a=amount, b=_number(cells[at + 1], decimal, line) / 2)
    if kind == "uniform" and cells[at + 2] and cells[at + 3]:
        return Uncertainty(
            kind="uniform",
            a=_number(cells[at + 2], decimal, line),
            b=_number(cells[at + 3], decimal, line),
        )
    if kind == "triangle" and cells[at + 2] and cells[at + 3]:
        return Uncertainty(
            kind="triangular",
            a=_number(cells[at + 2], decimal, line),
            b=amount,
            c=_number(cells[at + 3], decimal, line),
        )
    return None


__all__ = ["NAME", "read", "recognises"]
