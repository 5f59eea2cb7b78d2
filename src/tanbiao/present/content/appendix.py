"""The appendix: how each published number came about, entry by entry of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...evaluate import Result
from ..document import Cell, Section, Step, Steps, Words
from ..numbers import unit_text
from ..texts import word
from .naming import missing_text
from .page import Report

SHOWN_VALUES = 8


def appendix_section(report: Report) -> Section:
    steps = {k: ledger_step(report, r, k) for r in report.results for k in report.reach(report.roots(r))}
    return Section(
        "appendix",
        report.t("appendix_letter"),
        report.t("appendix"),
        (Words(report.t("appendix_words"), "note"), Steps(tuple(steps.values()))),
    )


def ledger_step(report: Report, result: Result, key: str) -> Step:
    entry = report.ledger.entries[key]
    clause = result.rulebook.by_address(entry.clause) if entry.clause else None
    title = (
        clause.text[report.lang]
        if clause is not None and clause.text[report.lang]
        else entry_name(report, result, entry.name)
    )
    marks = [word("kind", entry.kind, report.lang)]
    if clause is not None:
        marks += [clause.number] if clause.number else []
        marks.append(word("review", clause.review, report.lang))
    if entry.axes and entry.kind != "system":
        marks.append(report.t("under", axes=report.comma(v for _, v in entry.axes)))
    inputs: dict[str, Cell] = {}
    for name, other in entry.inputs:
        inputs.setdefault(
            other if "." in name and name.split(".")[0] == "line" else name + other,
            Cell("line" if name.startswith("line.") else name, report.anchor(other)),
        )
    formula = entry.formula if entry.kind != "lines" else ""
    if clause is not None and clause.value is not None and not formula and entry.kind == "define":
        formula = ""
    source = str(clause.source.get("document", "")) if clause is not None else ""
    page = str(clause.source.get("page", "")) if clause is not None else ""
    return Step(
        f"e-{key[:12]}",
        title,
        entry.kind,
        tuple(marks),
        entry.clause or entry.name,
        formula,
        entry_value(report, key),
        tuple(inputs.values()),
        key[:16],
        source + (f", {page}" if page else ""),
    )


def entry_name(report: Report, result: Result, name: str) -> str:
    if name == "line":
        return word("kind", "lines", report.lang)
    if name in ("background", "providers"):
        return word("kind", {"background": "system", "providers": "lookup"}[name], report.lang)
    if "." in name:
        return missing_text(result, name, report.lang)
    return {
        "reference": report.t("reference"),
        "process": report.t("processes"),
        "exchange": report.t("flow"),
    }.get(name, name)


def entry_value(report: Report, key: str) -> str:
    value = report.ledger.values.get(key)
    if value is None:
        return ""
    if not isinstance(value, Mapping):
        return str(value)
    if "lines" in value:
        return report.t("lines_value", count=value["lines"])
    unit = unit_text(str(value.get("unit", "")))
    if "table" in value:
        text = report.t("column", table=value["table"], rows=value["rows"])
        shown = value.get("values")
        if shown and len(shown) <= SHOWN_VALUES:
            text += (
                report.colon()
                + report.comma("—" if v is None else plain_value(report, v) for v in shown)
                + (f" {unit}" if unit else "")
            )
        elif "sum" in value:
            text += f"{report.colon()}Σ {plain_value(report, value['sum'])} {unit}"
        return text
    if value.get("state") == "known":
        return f"{plain_value(report, value['value'])} {unit}".strip()
    if value.get("state") == "missing":
        return (
            f"{word('report', 'not_given', report.lang)}{report.colon()}{report.comma(value.get('why', ()))}"
        )
    if value.get("state") == "not applicable":
        return f"{word('verdict', 'not_applicable', report.lang)}{report.colon()}{report.comma(value.get('why', ()))}"
    return report.comma(str(v) for v in value.values())


def plain_value(report: Report, value: Any) -> str:
    """A stored value: numbers with at most six significant digits, words in the reader's language."""
    if isinstance(value, bool):
        return report.code("true" if value else "false")
    text = str(value)
    try:
        number = float(text)
    except ValueError:
        return report.code(text)
    return text if len(text) <= 8 else f"{number:.6g}"
