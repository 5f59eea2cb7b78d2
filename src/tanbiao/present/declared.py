"""What a study says of itself, for report and label: names, unit, boundary, period, verification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.errors import LANGS, Lang
from ..core.text import Text
from ..evaluate import Published
from ..study import Study
from .texts import word

PATHS: Mapping[str, tuple[str, ...]] = {
    "name": ("product.name", "product.title", "title"),
    "model": ("product.model",),
    "gtin": ("product.gtin",),
    "description": ("product.description",),
    "function": ("product.function", "unit.function"),
    "producer": (
        "product.producer.name",
        "product.producer",
        "report.producer.name",
        "report.producer",
        "plant.company.name",
        "plant.company",
        "plant.operator",
    ),
    "address": ("product.producer.address", "report.producer.address", "report.address", "plant.address"),
    "representative": (
        "product.producer.representative",
        "report.producer.representative",
        "report.representative",
    ),
    "contact": ("product.producer.contact", "report.producer.contact", "report.contact", "label.contact"),
    "site": ("plant.name", "product.site.name", "product.site", "report.site", "plant.site"),
    "number": ("report.number", "report.id"),
    "institution": ("report.institution", "report.author", "report.practitioner"),
    "purpose": ("goal.purpose", "goal.reasons", "goal.reason", "goal.statement"),
    "application": ("goal.application", "goal.intended_application", "goal.use"),
    "audience": ("goal.audience", "goal.intended_audience"),
    "unit": (
        "unit.description",
        "unit.functional",
        "unit.declared",
        "unit.text",
        "unit.name",
        "scope.functional_unit",
        "scope.declared_unit",
    ),
    "boundary": (
        "scope.boundary.text",
        "scope.boundary.description",
        "scope.boundary",
        "scope.system_boundary",
        "scope.boundary_text",
        "label.boundary",
    ),
    "boundary_reason": ("scope.boundary_reason",),
    "excluded": ("scope.excluded", "scope.exclusions", "scope.boundary.excluded"),
    "cut_off": ("scope.cut_off", "scope.cutoff", "scope.cut_off_criteria"),
    "geography": ("scope.geography", "scope.place", "scope.region"),
    "allocation": ("scope.allocation", "report.allocation"),
    "limits": ("report.limits", "report.limitations", "scope.limitations", "scope.limits", "goal.limits"),
    "assumptions": ("report.assumptions", "scope.assumptions"),
    "improvement": ("report.improvement", "report.improvements", "report.recommendations"),
    "start": ("period.start", "period.from", "scope.period.start"),
    "end": ("period.end", "period.to", "scope.period.end"),
    "verification_state": (
        "label.verification_state",
        "review.state",
        "report.verification.state",
        "label.verification.state",
    ),
    "verification_body": (
        "label.verification_body",
        "label.verifier",
        "review.body",
        "review.reviewer",
        "report.verification.body",
        "label.verification.body",
    ),
    "valid_until": ("label.valid_until", "label.pcf_valid_until"),
    "certificate": ("label.certificate", "review.certificate", "label.verification.certificate"),
    "certificate_until": (
        "label.certificate_until",
        "review.until",
        "review.valid_until",
        "label.verification.until",
    ),
}
"""Where each item may stand in study.yaml; the first that is there counts."""

BOUNDARIES: Mapping[str, Text] = {
    "cradle_to_grave": Text("从摇篮到坟墓", "cradle to grave"),
    "cradle_to_gate": Text("从摇篮到大门", "cradle to gate"),
    "gate_to_gate": Text("从大门到大门", "gate to gate"),
    "cradle_to_gate_with_end_of_life": Text("从摇篮到大门及寿命终止", "cradle to gate with end of life"),
    "cradle_to_gate_eol": Text("从摇篮到大门及寿命终止", "cradle to gate with end of life"),
    "partial": Text("部分生命周期", "part of the life cycle"),
}


def declared(study: Study, item: str) -> Text | None:
    """An item of `PATHS` in both languages, None where the study does not give it."""
    for path in PATHS[item]:
        found = as_text(study.at(path))
        if found is not None:
            return found
    return None


def said(study: Study, item: str, lang: Lang, blank: str = "") -> str:
    """As `declared`, in one language."""
    found = declared(study, item)
    return found[lang] if found is not None else blank


def as_text(value: Any) -> Text | None:
    """A value of study.yaml as text in both languages; a text without languages serves both."""
    if isinstance(value, str) and value.strip():
        return BOUNDARIES.get(value.replace("-", "_"), Text(value, value))
    if isinstance(value, list):
        parts = [t for t in (as_text(v) for v in value) if t is not None]
        return Text("；".join(p.zh for p in parts), "; ".join(p.en for p in parts)) if parts else None
    if isinstance(value, Mapping):
        if any(value.get(lang) for lang in LANGS):
            zh, en = (str(value.get(lang) or "") for lang in LANGS)
            return Text(zh or en, en or zh)
        for key in ("value", "text", "description", "name"):
            if value.get(key):
                return as_text(value.get(key))
    return None


def period(study: Study) -> str:
    """`2025-01-01/2025-12-31`, or what is known of it."""
    start, end = (said(study, k, "en") for k in ("start", "end"))
    return f"{start}/{end}" if start and end else start or end or said_year(study)


def boundary(study: Study, published: Published | None = None) -> Text | None:
    """The boundary in words: of a published quantity the stages that count in it, under the names of its pack; of the
    study as a whole what it declares, else the stages that `scope.stages` lists."""
    if published is not None and published.stages:
        names = [s.name for s in published.stages if s.value or s.low or s.high]
        return Text("、".join(n.zh for n in names), ", ".join(n.en for n in names))
    found = declared(study, "boundary")
    listed = study.at("scope.stages")
    if found is not None or not listed:
        return found
    codes = listed if isinstance(listed, list) else str(listed).replace(",", " ").replace("，", " ").split()
    return Text(
        "、".join(word("stage", str(c), "zh") for c in codes),
        ", ".join(word("stage", str(c), "en") for c in codes),
    )


def unit_of(study: Study, published: Published) -> Text | None:
    """What one unit of a published quantity is: the unit of the study, or where the quantity is per something else
    (`kgCO2e/kWh` of a study that declares one pack) that other unit with its basis."""
    _, _, below = published.unit.partition("/")
    if not below or study.at("unit.measure") == below:
        return declared(study, "unit")
    words = basis_words(published.basis)
    return Text(
        f"1 {below}" + (f"（{words.zh}）" if words.zh else ""),
        f"1 {below}" + (f" ({words.en})" if words.en else ""),
    )


def basis_words(basis: Mapping[str, str]) -> Text:
    """A basis in words: `能量：寿命期内交付`, `energy: delivered over life`."""

    def joined(lang: Lang, colon: str, comma: str) -> str:
        return comma.join(
            f"{word('basis', k, lang)}{colon}{word('basis', v, lang)}" for k, v in sorted(basis.items())
        )

    return Text(joined("zh", "：", "；"), joined("en", ": ", "; "))


def per(text: str, lang: Lang) -> str:
    """`每 1 kWh`, `每一个电池包`, `per 1 kWh`."""
    gap = " " if lang == "en" or (text and text[0].isascii()) else ""
    return f"{'每' if lang == 'zh' else 'per'}{gap}{text}"


def said_year(study: Study) -> str:
    value = study.at("period")
    return value if isinstance(value, str) else ""


def partial(study: Study) -> bool | None:
    """Whether the study declares a partial footprint; None when it does not say."""
    flag = study.at("scope.partial")
    if flag in ("true", "yes", "是"):
        return True
    if study.at("scope.kind") in ("full", "partial"):
        return bool(study.at("scope.kind") == "partial")
    for path in ("scope.boundary", "scope.boundary.kind", "scope.system_boundary"):
        value = study.at(path)
        if isinstance(value, str):
            code = value.replace("-", "_").lower()
            if code in BOUNDARIES:
                return code != "cradle_to_grave"
    return False if flag in ("false", "no", "否") else None


__all__ = [
    "BOUNDARIES",
    "PATHS",
    "as_text",
    "basis_words",
    "boundary",
    "declared",
    "partial",
    "per",
    "period",
    "said",
    "unit_of",
]
