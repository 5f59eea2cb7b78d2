"""One indicator: its baselines, present state and score."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ...evaluate.grade.graded import Graded, GradedRow, Limit
from ...evaluate.improve import Improvement
from ..document import Tone
from ..evaluation_texts import term
from .amounts import baseline_shown, measured, points
from .found import graded_results
from .page import Page
from .result import next_below


def baseline_text(page: Page, row: GradedRow, level: str, table: Any, place: int) -> str:
    said = f"says_{level}{'_en' if page.lang == 'en' else ''}"
    if said in table.columns and str(table.values[said].data[place] or ""):
        return str(table.values[said].data[place])
    plain = f"says_{level}"
    if plain in table.columns and str(table.values[plain].data[place] or ""):
        return str(table.values[plain].data[place])
    cell = table.cells[level][place] if level in table.cells else None
    limit = row.limits.get(level)
    text = limit.text if limit is not None else cell.source.removeprefix("x ") if cell is not None else ""
    if not text:
        return "—"
    if text.startswith("== true"):
        return term("word", "yes", page.lang)
    return baseline_shown(text)


def baseline_of(page: Page, found: Improvement, grade: Graded, row: GradedRow, limit: Limit | None) -> str:
    """The baseline that a blocker must meet, in the words of the table where it has words."""
    for result, one in graded_results(page.found):
        clause = result.rulebook.clauses[one.name]
        if clause.address == found.grade and limit is not None:
            level = next((k for k, v in row.limits.items() if v is limit), found.target)
            table = result.rulebook.tables[clause.table]
            return baseline_text(page, row, level, table, [r.id for r in grade.details].index(row.id))
    return "—"


def value_text(page: Page, row: GradedRow) -> str:
    if row.state in ("missing", "not applicable"):
        return term("word", row.state, page.lang)
    mark = f" ({term('word', 'estimated', page.lang)})" if row.state == "estimated" else ""
    if isinstance(row.value, bool):
        return term("word", "yes" if row.value else "no", page.lang) + mark
    if isinstance(row.value, Fraction):
        return measured(row.value) + mark
    return ("—" if row.value == "none" else str(row.value)) + mark


def stands(page: Page, row: GradedRow, grade: Graded) -> tuple[str, Tone]:
    if row.state in ("missing", "not applicable"):
        return "—", "muted"
    if row.level is None:
        return next_below(page, grade), "bad"
    return term("word", row.level, page.lang), ""


def score_text(page: Page, row: GradedRow, grade: Graded, shown: str) -> str:
    if row.state == "not applicable" or row.weight is None:
        return "—"
    if grade.style == "ratio":
        alpha = Fraction(grade.options.get("alpha", "0.7"))
        share = alpha if any(v.better for v in row.limits.values()) else 1 - alpha
        return points(row.weight * share - row.lost.get(next(iter(grade.thresholds)), Fraction(0)))
    return points(row.weight * 100 - row.lost.get(shown, Fraction(0)))


def row_tone(row: GradedRow) -> Tone:
    return (
        "warn" if row.state in ("missing", "estimated") else "muted" if row.state == "not applicable" else ""
    )


def category_weights(grade: Graded) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for row in grade.details:
        if row.weight is not None and row.state != "not applicable":
            found[row.category.zh] = found.get(row.category.zh, Fraction(0)) + row.weight
    return found
