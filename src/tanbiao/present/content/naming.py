"""Places, missing data and shares in words."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import Lang
from ...core.text import Text
from ...evaluate import Result
from ...evaluate.impacts import INVENTORY, KEY
from ...evaluate.results import Contribution
from ..numbers import percent
from ..texts import phrase


def share_text(one: Contribution, lang: Lang) -> str:
    """The share of a contribution; a row that is not linked to background data counts as zero and has none."""
    return percent(one.share) if one.provider or one.value else phrase("tables.unlinked", lang)


def places(where: Sequence[str], lang: Lang) -> str:
    """Places grouped by file: `exchanges.csv:9, 20, 24`."""
    files: dict[str, list[str]] = {}
    for place in where:
        file, _, rest = place.partition(":")
        files.setdefault(file, []).append(rest)
    comma = "、" if lang == "zh" else ", "
    return ("；" if lang == "zh" else "; ").join(
        f + (f":{comma.join(r)}" if any(r) else "") for f, r in files.items()
    )


def missing_text(result: Result, name: str, lang: Lang) -> str:
    """A missing datum in words, followed by the name it has in the study."""
    for clause in result.rulebook.clauses.values():
        if clause.kind == "given" and clause.value_kind != "table" and name in (clause.path, clause.name):
            return f"{clause.text[lang]} ({name})"
    if "#" in name:
        clause_ = result.rulebook.by_address(name)
        return f"{clause_.text[lang]} ({name})" if clause_ is not None and clause_.text[lang] else name
    head, _, rest = name.partition(": ")
    if head == INVENTORY and rest:
        return phrase("report.inventory_of", lang, item=rest)
    if head.partition(".")[0] == KEY:
        return f"{phrase('report.impact_method', lang)} ({name})"
    table, _, column = name.partition(".")
    given = next(
        (
            c
            for c in result.rulebook.clauses.values()
            if c.kind == "given" and c.value_kind == "table" and c.name == table
        ),
        None,
    )
    if given is not None and column:
        spec = next((c for c in given.columns if c.name == column), None)
        words: Text | None = spec.text if spec is not None else None
        return f"{given.text[lang]} · {words[lang] if words is not None and words[lang] else column} ({name})"
    if column:
        from ...standards.names import line_columns
        from ...study import SCHEMA

        if table == "line" and column in line_columns():
            return f"{line_columns()[column].text[lang]} ({name})"
        spec_ = SCHEMA.get("exchange" if table == "product" else table, {}).get(column)
        if spec_ is not None:
            return f"{spec_.text[lang]} ({name})"
    return name
