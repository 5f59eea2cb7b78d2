"""Compare a study under several packs, choice by choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from ..core.errors import LANGS, raise_errors, refuse
from ..evaluate.axes import axes_of, title_of
from ..evaluate.compare import Comparer
from ..evaluate.comparison import Comparison, Side
from ..present import figures
from ..present.comparison import comparison_page, difference_waterfall
from ..standards import Rulebook, resolve
from ..study import Study
from .files import json_text, write
from .impact_method import impacts_of
from .inputs import asked_tables, backgrounds, facts_by
from .run import LoadedStudy


@dataclass(frozen=True, eq=False)
class Comparisons:
    """One set of facts under several packs: each side, and every pair of them taken apart."""

    sides: tuple[Side, ...]
    pairs: tuple[Comparison, ...]

    @property
    def axes(self) -> list[str]:
        """Every axis of any side, in a fixed order."""
        first = self.sides[0].rulebook
        return list(dict.fromkeys(a for s in self.sides for a in axes_of(first, s.rulebook)))

    def data(self) -> dict[str, Any]:
        return {
            "sides": [
                {
                    "pack": s.name,
                    "value": s.total.value,
                    "unit": "kgCO2e",
                    "published": s.published.published,
                    "published_unit": s.published.unit,
                    "verdict": s.published.verdict,
                    "missing": list(s.total.missing),
                    "method_fingerprint": s.published.method_fingerprint,
                    "choices": {
                        a: {
                            "title": title_of(a, s.rulebook).data(),
                            "options": list(s.options(a)),
                            "clauses": [c.address for c in s.rules(a)],
                        }
                        for a in self.axes
                        if s.rules(a)
                    },
                }
                for s in self.sides
            ],
            "pairs": [p.data() for p in self.pairs],
        }


def compare_many(loaded: LoadedStudy, packs: Sequence[str]) -> Comparisons:
    """Each pack over the study's facts, and every pair. Refuses fewer than two packs (`compare-packs`); raises
    `TanbiaoError` with every problem."""
    if len(set(packs)) < 2:
        raise refuse("compare-packs", loaded.study.place_of("packs"), packs=", ".join(packs) or "—")
    books, comparer = comparer_of(loaded, packs)
    pairs = tuple(comparer.compare(books[a], books[b]) for a, b in combinations(packs, 2))
    return Comparisons(tuple(comparer.side(books[p]) for p in packs), pairs)


def comparer_of(loaded: LoadedStudy, packs: Sequence[str]) -> tuple[dict[str, Rulebook], Comparer]:
    """The rulebooks by the names asked for, and what compares them over the study's facts."""
    study, places = loaded.study, loaded.places
    raise_errors(loaded.problems)
    books = {name: resolve(name, places.pack_roots)[0] for name in dict.fromkeys([*packs, *study.packs])}
    library = places.library(study.libraries or ("open-2026",), study.path)
    facts = facts_by(asked_tables(books.values()))
    background = backgrounds(library, impacts_of(study, library, places))
    return {p: books[p] for p in packs}, Comparer(lambda book: facts(study, book), background)


def write_comparison(found: Comparisons, study: Study, folder: Path) -> list[Path]:
    """The page in zh and en, one waterfall for each pair and language, and the data."""
    paths = []
    title = study.head.get("title")
    for lang in LANGS:
        name = str(title[lang]) if isinstance(title, Mapping) and title.get(lang) else study.id
        page = comparison_page(name, found.sides, found.pairs, lang, study.constructed)
        paths.append(write(folder / f"{study.id}.compare.{lang}.html", page))
        for pair in found.pairs:
            chart = difference_waterfall(pair, lang, study.constructed, name)
            if chart is not None:
                names = "--".join(p.partition("@")[0] for p in (pair.left, pair.right))
                paths.append(write(folder / f"{study.id}.{names}.{lang}.svg", figures.svg(chart)))
    return [*paths, write(folder / f"{study.id}.compare.json", json_text(found.data()))]
