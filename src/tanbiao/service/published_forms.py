"""Somebody else's result as its publisher writes it: our YAML form, PACT v2 and v3, openEPD, ILCD+EPD."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..core.errors import Place, raise_errors, refuse
from ..core.numbers import number
from ..core.text import Node, Text, read_yaml
from ..evaluate.published import PublishedResult, PublishedStage
from ..exchange import read
from ..exchange.model import Result

GATE = ("material", "component", "assembly")
MODULES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], Text]] = {
    "gate": (("A1-A3", "A1A2A3", "A1", "A2", "A3"), GATE, Text("生产（A1–A3）", "production (A1 to A3)")),
    "transport": (("A4",), ("distribution",), Text("运输（A4）", "transport (A4)")),
    "installation": (("A5",), ("installation",), Text("安装（A5）", "installation (A5)")),
    "use": (
        ("B1", "B2", "B3", "B4", "B5", "B6", "B7"),
        ("use",),
        Text("使用（B）", "use (B)"),
    ),
    "end": (("C1", "C2", "C3", "C4"), ("end_of_life",), Text("生命末期（C）", "end of life (C)")),
}
"""Modules of EN 15804 and the step tags that they stand for. Module D is outside every total."""
PACT_RULES = {"2": "pact.method@2", "3": "pact.method@3"}


def read_published(path: Path, result: str = "") -> tuple[PublishedResult, str]:
    """The published result, and the study's parameter that its unit is per ("" where the form names none).

    result: id or name, where a file holds several. Refuses `published-form`, `published-none`, `published-many`, and
    what the readers of the formats refuse.
    """
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(path)
    inventory = read(path)
    for _ in inventory.processes:  # results of ILCD+EPD stand behind the processes that carry them
        pass
    if not inventory.results:
        raise_errors(inventory.problems)
        raise refuse("published-none", Place(path.name))
    said = {r.id: r for r in inventory.results}
    chosen = [r for r in said.values() if result in (r.id, *r.name.values())] if result else [*said.values()]
    if len(chosen) != 1:
        raise refuse("published-many", Place(path.name), results=", ".join(sorted(said)[:20]))
    return _from_result(chosen[0], path.name), ""


# -- our form --------------------------------------------------------------------------------------------------------


def _from_yaml(path: Path) -> tuple[PublishedResult, str]:
    raw = read_yaml(path)
    if not isinstance(raw, Node):
        raise refuse("published-form", Place(path.name), key="title, value, unit")
    for key in ("title", "source", "unit"):
        if not isinstance(raw.get(key), str) or not raw[key]:
            raise refuse("published-form", raw.place(), key=key)
    stages = []
    for name, spec in (raw.get("stages") or {}).items():
        spec = spec if isinstance(spec, Node) else {"value": spec}
        words = spec.get("name")
        text = Text(str(words["zh"]), str(words["en"])) if isinstance(words, Node) else Text(name, name)
        stages.append(
            PublishedStage(
                text, _number(raw, f"stages.{name}", spec.get("value")), tuple(spec.get("steps") or ())
            )
        )
    steps = tuple(raw.get("boundary") or dict.fromkeys(s for stage in stages for s in stage.steps))
    method = {k: str(v) for k, v in (raw.get("method") or {}).items()}
    return PublishedResult(
        str(raw["title"]),
        str(raw["source"]),
        _number(raw, "value", raw.get("value")),
        str(raw["unit"]),
        str(raw.get("basis") or ""),
        tuple(stages),
        steps,
        method,
        str(raw.get("rules") or ""),
        str(raw.get("verification") or ""),
    ), str(raw.get("per") or "")


def _number(raw: Node, key: str, text: Any) -> float | None:
    if text in (None, ""):
        return None
    try:
        return float(str(text))
    except ValueError:
        raise refuse("published-form", raw.place(), key=key) from None


# -- exchange formats ------------------------------------------------------------------------------------------------


def _from_result(found: Result, file: str) -> PublishedResult:
    amount = number(found.amount)
    modules = {m: number(v["GWP-total"]) / amount for m, v in found.modules.items() if "GWP-total" in v}
    stages, beyond = _stages(modules) if set(modules) - {"total"} else ([], None)
    if not stages:
        total = number(found.values["total"]) + number(found.values.get("uptake", "0"))
        stages = [PublishedStage(Text("从摇篮到大门", "cradle to gate"), float(total / amount), GATE)]
    name = found.name.get("en") or next(iter(found.name.values()), found.id)
    title = f"{name}, {found.company}" if found.company else name
    values = [Fraction(s.value) for s in stages if s.value is not None]
    return PublishedResult(
        title,
        f"{file}: {found.id}",
        float(sum(values, Fraction(0))),
        f"kgCO2e/{found.unit}",
        "",
        tuple(stages),
        tuple(dict.fromkeys(s for stage in stages for s in stage.steps)),
        _method(found),
        _rules(found),
        found.verification,
        (found.start, found.end),
        None if beyond is None else float(beyond),
    )


def _stages(modules: Mapping[str, Fraction]) -> tuple[list[PublishedStage], Fraction | None]:
    """Groups of modules with the steps that they stand for; module D apart."""
    found = []
    for named, steps, title in MODULES.values():
        there = [m for m in named if m in modules]
        whole = [m for m in there if m in ("A1-A3", "A1A2A3")][:1]
        if there:
            found.append(PublishedStage(title, float(sum(modules[m] for m in whole or there)), steps))
    return found, modules.get("D")


def _method(found: Result) -> dict[str, str]:
    """What the footprint states of its method; what it does not state stays out."""
    pcf = next((v.get("pcf") for v in found.foreign.values() if isinstance(v, Mapping)), None)
    said = {"gwp": found.gwp}
    if isinstance(pcf, Mapping):
        sources = pcf.get("secondaryEmissionFactorSources")
        said |= {
            "allocation": str(pcf.get("allocationRulesDescription") or ""),
            "cut_off": f"exempted {pcf['exemptedEmissionsPercent']} %"
            if pcf.get("exemptedEmissionsPercent")
            else "",
            "database": ", ".join(
                " ".join(str(s.get(k) or "") for k in ("name", "version")).strip()
                for s in (sources if isinstance(sources, list) else ())
                if isinstance(s, Mapping)
            ),
        }
    return {k: v for k, v in said.items() if v}


def _rules(found: Result) -> str:
    if found.kind == "pcf":
        return PACT_RULES.get(found.version.partition(".")[0], "")
    stated = " ".join(found.rules)
    return "eu.en-15804@a2" if "EN 15804+A2" in stated or "EF 3" in stated else stated


__all__ = ["read_published"]
