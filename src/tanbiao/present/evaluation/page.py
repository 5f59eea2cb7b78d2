"""A page of the evaluation in one language."""

from __future__ import annotations

from collections.abc import Iterable

from ...core.errors import Lang
from ...evaluate import Result
from ..document import Block, Cell, Pairs
from ..evaluation_texts import say
from .found import Found


class Page:
    """Blocks in one language."""

    def __init__(self, found: Found, lang: Lang) -> None:
        self.found, self.lang = found, lang

    def say(self, key: str, **args: object) -> str:
        return say(key, self.lang, **args)

    def list(self, items: Iterable[str]) -> str:
        """Items one after the other, a dash where there are none."""
        return ("、" if self.lang == "zh" else ", ").join(items) or "—"

    def missing(self, result: Result, name: str) -> str:
        """What is missing in words: the text of the clause, where it is one."""
        clause = (
            result.rulebook.by_address(name)
            if "#" in name
            else next(
                (c for c in result.rulebook.clauses.values() if c.path == name and c.kind == "given"), None
            )
        )
        return f"{clause.text[self.lang]} ({name})" if clause is not None and clause.text.zh else name

    def blanks(self, *keys: str) -> Block:
        return Pairs(
            tuple(
                (say(f"chapter.{k}", self.lang), Cell(say("chapter.fill", self.lang), tone="muted"))
                for k in keys
            )
        )
