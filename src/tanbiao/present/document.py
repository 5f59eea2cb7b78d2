"""A report before it has a format: sections of blocks in one language. HTML, DOCX and PDF are written from this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..core.errors import Lang

Tone = Literal["", "muted", "good", "warn", "bad", "strong"]


@dataclass(frozen=True)
class Cell:
    """A text that may link to an anchor of the report."""

    text: str
    href: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Words:
    """A paragraph. style: `plain`, `lead`, `note`."""

    text: str
    style: str = "plain"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    number: str = ""


@dataclass(frozen=True)
class Pairs:
    """Items with their names."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True)
class Grid:
    """A table. align: a letter for each column: `l` left, `r` right, `k` left on one line, `n` narrow, `w` wide."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    align: str
    total: bool = False
    """Whether the last row is a sum."""


@dataclass(frozen=True)
class Drawing:
    """A figure as SVG."""

    svg: str
    alt: str


@dataclass(frozen=True)
class Banner:
    """Something that nobody may overlook. kind: `constructed`, `screening`, `conformity`, `caution`."""

    kind: str
    title: str
    text: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Card:
    """A headline: title, number, unit, words below."""

    title: str
    value: str
    unit: str
    notes: tuple[str, ...]
    href: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Cards:
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Verdict:
    """A finding as it is printed: each of `lines` is (name, text)."""

    verdict: str
    label: str
    number: str
    title: str
    marks: tuple[str, ...]
    address: Cell
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Verdicts:
    """Findings of one kind; compact ones take one line each."""

    verdict: str
    title: str
    items: tuple[Verdict, ...]
    compact: bool = False


@dataclass(frozen=True)
class Step:
    """One ledger entry: what it is, its formula and value, and what it rests on."""

    anchor: str
    title: str
    kind: str
    marks: tuple[str, ...]
    address: str
    formula: str
    value: str
    inputs: tuple[Cell, ...]
    digest: str
    source: str = ""


@dataclass(frozen=True)
class Steps:
    steps: tuple[Step, ...]


Block = Words | Heading | Pairs | Grid | Drawing | Banner | Cards | Verdicts | Steps


@dataclass(frozen=True)
class Section:
    """A numbered section; `anchor` is unique in the document."""

    anchor: str
    number: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """The whole report in one language."""

    lang: Lang
    title: str
    subtitle: str
    tag: str
    """Short words that every page and section repeats (`constructed example`, `screening`); empty when none."""
    banners: tuple[Banner, ...]
    sections: tuple[Section, ...]
    footer: str
    facts: tuple[tuple[str, str], ...] = field(default=())


__all__ = [
    "Banner",
    "Block",
    "Card",
    "Cards",
    "Cell",
    "Document",
    "Drawing",
    "Grid",
    "Heading",
    "Pairs",
    "Section",
    "Step",
    "Steps",
    "Tone",
    "Verdict",
    "Verdicts",
    "Words",
]
