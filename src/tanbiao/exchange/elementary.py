"""Elementary flows under one canonical name (EF 3.1), and which of them count for climate.

The list is elementary.csv (built by tools/build_elementary.py). A gas found under any of its names becomes one gas
row of the library; one that counts but has no factor, or may count, is reported and never taken as zero.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from .model import Direction, Flow, first

Status = Literal["gas", "unspecified", "uptake", "minor", "group", "suspect", "none"]
"""gas: characterised. unspecified: taken as fossil. uptake: CO2 from air, recorded. minor: EF 3.1 gives it less than
1 kgCO2e/kg; not characterised, reported. group, suspect: may count, no factor; reported. none: no greenhouse gas."""


@dataclass(frozen=True, slots=True)
class GasRow:
    """One gas as the library's gases.csv holds it, with its EF 3.1 name."""

    gas: str
    ef31: str
    status: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Match:
    """What an elementary flow is: `gas` is a library id or empty; `rule` says by what it was found."""

    gas: str
    status: Status
    rule: str
    ef31: str = ""


NONE = Match("", "none", "")
SUSPECT = Match("", "suspect", "")
_CODE = re.compile(
    r"(?:^|[\s,(])((?:hcfc|hfc|cfc|pfc|fc|hfo|hcc|halon|r)-?\s?\d[\d\-]*[a-z]{0,3}(?:\([ez]\))?)\)?$"
)
_SUSPECT = re.compile(
    r"\b(?:carbon dioxide|co2|methane|nitrous oxide|dinitrogen monoxide|n2o|ch4|greenhouse|ghg)\b"
    r"|\b(?:h?c?fcs?|hfos?|pfcs?|halons?|freon|hfes?)\b|perfluoro|hydrofluoro|chlorofluoro"
    r"|fluoro(?:-|,)?.{0,12}(?:methane|ethane|propane|butane)|(?:methane|ethane|propane|butane), .*fluoro"
    r"|二氧化碳|甲烷|氧化亚氮|全氟|氢氟|温室气体|六氟化硫|三氟化氮",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"non-methane|nonmethane|other than methane|except methane|methane(?:sulfonic|arsonate|thiol)|nmvoc|tnmoc|voc\b"
    r"|非甲烷|\bdi(?:chloro)?(?:diphenyl|phenyl)|methane, dichloronitro|trimethane|coal ?bed methane|pit methane",
    re.IGNORECASE,
)
_AIR = re.compile(r"air|atmospher|tropospher|stratospher|大气|空气|废气", re.IGNORECASE)
_ELSEWHERE = re.compile(r"water|soil|ocean|river|ground|lake|水|土", re.IGNORECASE)
_RESOURCE = re.compile(r"resource|raw|natural|in ground|资源", re.IGNORECASE)


@cache
def rows() -> tuple[GasRow, ...]:
    """The canonical list."""
    with (resources.files(__package__) / "elementary.csv").open(encoding="utf-8") as file:
        return tuple(GasRow(r["gas"], r["ef31"], r["status"], r) for r in csv.DictReader(file))


@cache
def gas_rows() -> Mapping[str, GasRow]:
    """Gas id → its row."""
    return {r.gas: r for r in rows() if r.gas and r.status in ("gas", "uptake")}


@cache
def _terms() -> tuple[Mapping[str, GasRow], Mapping[str, GasRow], Mapping[str, GasRow]]:
    outputs: dict[str, GasRow] = {}
    inputs: dict[str, GasRow] = {}
    cas: dict[str, GasRow] = {}
    for row in rows():
        names = [row.ef31, *row.cells["synonyms"].split("|")]
        if row.status in ("group", "minor", "gas"):
            names.append(row.cells["name_en"])
        for name in names:
            if name:
                (inputs if row.status == "uptake" else outputs).setdefault(plain(name), row)
                code = _CODE.search(plain(name))
                if code and row.status == "gas":
                    outputs.setdefault(_code(code.group(1)), row)
        if row.cells["cas"] and row.status == "gas":
            cas[row.cells["cas"]] = row
    return outputs, inputs, cas


def plain(name: str) -> str:
    """A name without the differences that mean nothing: case, blanks before, behind and doubled."""
    return " ".join(name.casefold().split())


def _code(text: str) -> str:
    return "code " + re.sub(r"[\s-]", "", text)


def characterise(flow: Flow, direction: Direction) -> Match:
    """What a flow to or from nature is. Water, soil and resource compartments do not count for climate; CO2 taken
    from air is uptake. A flow without name and CAS number may be anything: suspect."""
    if not any(flow.name.values()) and not flow.cas:
        return SUSPECT
    return _characterise(
        first(flow.name, "en", "zh"),
        flow.name.get("zh", ""),
        flow.cas.lstrip("0"),
        "/".join(flow.compartment),
        direction,
    )


@cache
def _characterise(name: str, zh: str, cas: str, compartment: str, direction: Direction) -> Match:
    outputs, inputs, by_cas = _terms()
    air = _AIR.search(compartment)
    if compartment and not air and _ELSEWHERE.search(compartment) and direction == "output":
        return NONE
    spoken = [plain(name), *([plain(zh)] if zh else [])]
    bare = [re.sub(r"\s*[\[(（][^\])）]*[\])）]$", "", s) for s in spoken]
    if direction == "input":
        for s in spoken:
            if s in inputs:
                return Match(inputs[s].gas, "uptake", "name", inputs[s].ef31)
        return NONE
    if compartment and _RESOURCE.search(compartment) and not air:
        return NONE
    for rule, names in (("name", spoken), ("name without brackets", bare)):
        for s in names:
            if s in outputs:
                return _match(outputs[s], rule)
    for s in (*spoken, *bare):
        code = _CODE.search(s)
        if code and _code(code.group(1)) in outputs:
            return _match(outputs[_code(code.group(1))], "code " + code.group(1))
    if cas in by_cas:
        return _match(by_cas[cas], "CAS " + cas)
    for s in spoken:
        if _SUSPECT.search(s) and not _HARMLESS.search(s):
            return SUSPECT
    return NONE


def _match(row: GasRow, rule: str) -> Match:
    status: Status = row.status  # type: ignore[assignment]
    return Match(row.gas if status in ("gas", "unspecified", "uptake") else "", status, rule, row.ef31)
