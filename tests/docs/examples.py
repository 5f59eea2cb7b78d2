"""Run the examples of every page of one language (two test files, so that two workers share them)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .pages import DOCS, follow, lang_of, written

RUN = re.compile(r"^```(console|pycon)$", re.M)


def pages(lang: str) -> list[Path]:
    return [p for p in written() if lang_of(p) == lang and RUN.search(p.read_text(encoding="utf-8"))]


def named(page: Path) -> str:
    return page.name if page.parent in (DOCS, DOCS.parent) else f"{page.parent.name}/{page.name}"


def stated_output_appears(page: Path, folder: Path) -> None:
    wrong = follow(page, folder)
    if wrong:
        pytest.fail("\n\n".join(wrong))
