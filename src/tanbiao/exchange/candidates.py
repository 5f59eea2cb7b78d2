"""Which of our items may be meant: scored candidates for a name in Chinese or English, and what differs."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .units import factor_between

_LATIN = re.compile(r"[a-z0-9]+(?:[.%][0-9]+)*")
_CJK = re.compile(r"[\u3400-\u9fff]+")
_EMPTY = frozenset(
    ("at", "of", "the", "for", "in", "from", "to", "and", "production", "market", "plant", "process", "mix")
)
SAME_WORDS = {
    "aluminum": "aluminium",
    "sulfur": "sulphur",
    "sulfuric": "sulphuric",
    "sulfate": "sulphate",
    "petrol": "gasoline",
    "lorry": "truck",
    "power": "electricity",
    "polyethylene": "pe",
    "polypropylene": "pp",
    "steels": "steel",
    "galvanized": "galvanised",
    "aluminized": "aluminised",
    "fiber": "fibre",
    "gray": "grey",
}


@dataclass(frozen=True, slots=True)
class Named:
    """Something that can be a provider."""

    id: str
    names: tuple[str, ...]
    unit: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible provider; `score` 0 to 1; `differs` names the fields that are not the same."""

    id: str
    name: str
    unit: str
    place: str
    score: float
    differs: tuple[str, ...]


def tokens(text: str) -> list[str]:
    """Words of a name: Latin words, and pairs of Chinese characters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found = [SAME_WORDS.get(w, w) for w in _LATIN.findall(plain)]
    for run in _CJK.findall(plain):
        found += [run[k : k + 2] for k in range(len(run) - 1)] or [run]
    return found


class Index:
    """An inverted index over named items. Build once, ask often."""

    def __init__(self, items: Iterable[Named]) -> None:
        self.items = list(items)
        self._of: dict[str, list[int]] = defaultdict(list)
        self._words: list[list[Counter[str]]] = []
        for k, item in enumerate(self.items):
            bags = [Counter(tokens(n)) for n in dict.fromkeys(item.names) if n]
            self._words.append(bags)
            for word in set().union(*bags) if bags else ():
                self._of[word].append(k)
        self._n = max(len(self.items), 1)

    def _weight(self, word: str) -> float:
        base = math.log(1 + self._n / (1 + len(self._of.get(word, ()))))
        return base * (0.25 if word in _EMPTY else 1.0)

    def ask(self, names: Sequence[str], unit: str = "", place: str = "", limit: int = 5) -> list[Candidate]:
        """The best candidates for something called `names`, best first. A unit that cannot be converted halves the
        score; another country takes a tenth off."""
        asked = [Counter(tokens(n)) for n in names if n]
        words = set().union(*asked) if asked else set()
        alone = {w for w in words if w not in self._of and len(w) == 1 and _CJK.fullmatch(w)}
        rare = sorted((w for w in words if w in self._of), key=lambda w: len(self._of[w]))[:6]
        rare += [pair for pair in self._of if len(pair) == 2 and not alone.isdisjoint(pair)] if alone else []
        found = {k for w in rare for k in self._of[w][:3000]}
        out = []
        for k in found:
            item = self.items[k]
            bags = [_apart(b, alone) for b in self._words[k]]
            best = max((self._alike(q, b) for q in asked for b in bags), default=0.0)
            differs = [] if best > 0.999 else ["name"]
            if unit and factor_between(unit, item.unit) is None:
                best *= 0.5
                differs.append("unit")
            if place and item.place and not _same(place, item.place):
                best *= 0.9
                differs.append("place")
            if best > 0.15:
                out.append(
                    Candidate(item.id, item.names[0], item.unit, item.place, round(best, 4), tuple(differs))
                )
        return sorted(out, key=lambda c: (-c.score, len(c.name), c.id))[:limit]

    def _alike(self, a: Counter[str], b: Counter[str]) -> float:
        both = sum(self._weight(w) * min(n, b[w]) for w, n in a.items() if w in b)
        whole = sum(self._weight(w) * n for w, n in a.items())
        other = sum(self._weight(w) * n for w, n in b.items())
        if not whole or not other:
            return 0.0
        return 0.75 * both / whole + 0.25 * both / other


def _apart(bag: Counter[str], alone: set[str]) -> Counter[str]:
    """A name in which the single characters that are asked for (铝, 钢) stand for the pairs that hold them."""
    for w in alone:
        pair = next((t for t in bag if len(t) == 2 and w in t), None)
        if pair is not None:
            bag = bag - Counter((pair,)) + Counter((w,))
    return bag


def _same(a: str, b: str) -> bool:
    return a == b or a.startswith(b + "-") or b.startswith(a + "-") or b in ("GLO", "RoW")
