"""Find an item by words in Chinese or English."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .model import Factor, Gas, Item, Library, Process

_CJK = re.compile(r"[㐀-鿿豈-﫿]+")
_WORD = re.compile(r"[a-z0-9]+(?:[.%][a-z0-9]+)*")
_PLACES = {
    "CN": "中国 全国 china",
    "GLO": "全球 global world",
    "RER": "欧洲 europe",
    "GB": "英国 united kingdom britain",
    "FR": "法国 france",
    "US": "美国 united states america",
}
"""Words for the places most rows have; other country names stand in the rows' own names."""
_COVERAGE = {"named": 0, "derived": 1, "proxy": 2}


@dataclass(frozen=True, slots=True)
class Hit:
    """An item found; `score` is above 0, at most 1 (1 = the id or a name, exactly)."""

    item: str
    score: float


def search(
    library: Library,
    text: str,
    *,
    kind: str | None = None,
    unit: str | None = None,
    place: str | None = None,
    use: str | None = None,
    limit: int = 20,
) -> list[Hit]:
    """Items whose id, names or category hold the words of `text`, best first.

    Every word must be found somewhere, Latin words as parts of words, Chinese runs whole or as half or more
    of their pairs of characters. Filters: `kind` process | factor | gas, `unit`, `place` (`CN` also finds
    `CN-YN`), `use` (an allowed use; processes serve every use but organisation_only). Equal scores: named
    before derived before proxy, usable before organisation-only, then by id. An empty text finds what the
    filters leave, in that order.
    """
    query = _normal(text)
    words = _WORD.findall(_CJK.sub(" ", query))
    runs = _CJK.findall(query)
    found: list[tuple[float, int, int, str]] = []
    for item in library.items.values():
        if not _passes(item, kind, unit, place, use):
            continue
        score = _score(item, query.strip(), words, runs)
        if score > 0.0:
            found.append((-score, _rank(item), int(_organisation_only(item)), item.id))
    return [Hit(i, round(-s, 6)) for s, _, _, i in sorted(found)[:limit]]


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _passes(item: Item, kind: str | None, unit: str | None, place: str | None, use: str | None) -> bool:
    if kind is not None and type(item).__name__.lower() != kind:
        return False
    if unit is not None and getattr(item, "unit", None) != unit:
        return False
    if place is not None:
        own = item.place if isinstance(item, Process | Factor) else ""
        if own != place and not own.startswith(place + "-"):
            return False
    if use is None:
        return True
    if isinstance(item, Factor):
        return use in item.allowed_uses
    return isinstance(item, Process) and use != "organisation_only"


def _score(item: Item, query: str, words: list[str], runs: list[str]) -> float:
    names = [_normal(item.name_en), _normal(item.name_zh), item.id.casefold()]
    if not query:
        return 0.01
    if query in names:
        return 1.0
    if not words and not runs:
        return 0.0
    extra = _extra(item)
    tokens = set(_WORD.findall(" ".join(names)))
    points = []
    for word in words:
        if word in tokens:
            points.append(1.0)
        elif any(t.startswith(word) for t in tokens):
            points.append(0.8)
        elif any(word in n for n in names):
            points.append(0.6)
        elif word in extra:
            points.append(0.4)
        else:
            return 0.0
    for run in runs:
        if run in names[1]:
            points.append(1.0)
            continue
        pairs = [run[k : k + 2] for k in range(len(run) - 1)] or [run]
        share = sum(p in names[1] or p in extra for p in pairs) / len(pairs)
        if share < 0.5:
            return 0.0
        points.append(0.7 * share)
    where = (
        0.15 if any(n.startswith(query) for n in names) else 0.1 if any(query in n for n in names) else 0.0
    )
    shortest = min(len(names[0]) if words else 10**6, len(names[1]) if runs else 10**6)
    brevity = 0.1 * min(1.0, len(query) / shortest)
    return min(0.99, 0.7 * sum(points) / len(points) + where + brevity)


def _extra(item: Item) -> str:
    """What else may be asked for: category and place, or the formula of a gas."""
    if isinstance(item, Process | Factor):
        return _normal(f"{item.category} {item.place} {_PLACES.get(item.place, '')}")
    return _normal(item.formula) if isinstance(item, Gas) else ""


def _rank(item: Item) -> int:
    return _COVERAGE.get(item.coverage, 3) if isinstance(item, Process) else 0


def _organisation_only(item: Item) -> bool:
    return isinstance(item, Factor) and item.allowed_uses == ("organisation_only",)
