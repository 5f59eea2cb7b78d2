"""Compare a study under two packs, choice by choice."""

from __future__ import annotations

from functools import cache

from ..core.errors import raise_errors
from ..evaluate import Background, Facts, resolve_facts
from ..evaluate.background import from_library
from ..evaluate.compare import Comparison, compare
from ..standards import Rulebook, resolve
from .run import LoadedStudy


def compare_packs(loaded: LoadedStudy, left: str, right: str) -> Comparison:
    """The difference between two packs over the study's facts. Raises `TanbiaoError` with every problem."""
    study, places = loaded.study, loaded.places
    raise_errors(loaded.problems)
    books = {name: resolve(name, places.pack_roots)[0] for name in dict.fromkeys([left, right, *study.packs])}
    asked = {c.name for b in books.values() for c in b.of_kind("given") if c.value_kind == "table"}
    library = places.library(study.libraries or ("open-2026",), study.path)

    def facts(book: Rulebook) -> Facts:
        found, problems = resolve_facts(study, book, asked)
        raise_errors(problems)
        return found

    @cache
    def background(gwp: str) -> Background:
        return from_library(library, gwp)

    return compare(books[left], books[right], facts, background)
