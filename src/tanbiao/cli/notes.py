"""Notes under a table: how far the data behind its numbers were verified, and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from ..core.errors import Lang
from .console import console

if TYPE_CHECKING:
    from ..library.model import Library, Standing


class Notes:
    """Numbers the standings of the items shown, in the order in which they are met."""

    def __init__(self) -> None:
        self.numbers: dict[Standing, int] = {}

    def mark(self, standing: Standing | None) -> str:
        """` [3]` beside a name; nothing beside what holds no data of its own."""
        if standing is None:
            return ""
        return f" [dim]\\[{self.numbers.setdefault(standing, len(self.numbers) + 1)}][/dim]"

    def show(self, library: Library, lang: Lang) -> None:
        """Every note met, and the caution of the library."""
        zh = lang == "zh"
        if self.numbers:
            console.print(
                f"[bold]{'数据的核证状态与来源' if zh else 'verification and source of the data'}[/bold]"
            )
        for standing, k in self.numbers.items():
            source = (
                f"{'；来源：' if zh else '; source: '}{escape(standing.source)}" if standing.source else ""
            )
            state = escape(standing.verification) or ("未写明" if zh else "not stated")
            console.print(f"  \\[{k}] {state}[dim]{source}[/dim]", soft_wrap=True)
        console.print(f"[yellow]{escape(library.caution[lang])}[/yellow]", soft_wrap=True)
