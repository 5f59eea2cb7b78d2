"""The inputs of many evaluations over one study: facts typed by a rulebook, backgrounds by GWP set, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from ..core.errors import raise_errors
from ..evaluate import Background, Facts, resolve_facts
from ..evaluate.background import from_library, with_impacts
from ..library import Library
from ..library.intensity import Impacts
from ..standards import Rulebook
from ..study import Study


def asked_tables(books: Iterable[Rulebook]) -> set[str]:
    """Every table that any of the rulebooks asks for: a table that another rulebook wants is no surprise."""
    return {c.name for b in books for c in b.of_kind("given") if c.value_kind == "table"}


def facts_by(asked: set[str]) -> Callable[[Study, Rulebook], Facts]:
    """Facts of a study typed by a rulebook. They raise `TanbiaoError` with every misfit."""

    def facts(study: Study, book: Rulebook) -> Facts:
        found, problems = resolve_facts(study, book, asked)
        raise_errors(problems)
        return found

    return facts


def backgrounds(library: Library, impacts: Impacts | None = None) -> Callable[[str], Background]:
    """The background of a library by GWP set, each with the digests of its records kept. impacts: the study's impact
    method, where it names one."""

    @cache
    def background(gwp: str) -> Background:
        found = with_impacts(from_library(library, gwp), impacts)
        return replace(found, record=cache(found.record)) if found.record is not None else found

    return background
