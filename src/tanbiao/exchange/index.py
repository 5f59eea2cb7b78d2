"""The index of a stored library: memory-mapped matrices and one text for search, so that opening costs nothing.

names.txt holds one line for each item: the text that is searched (id, names, place, category in lower case), then the
fields shown, separated by U+001F. The matrices are compressed columns: purchases (process × process) and gases
(gas × process), float64. The CSVs stay the truth; the index is rebuilt from them.
"""

from __future__ import annotations

import heapq
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .model import Result, first

if TYPE_CHECKING:
    from .draft import Draft

MAX_LINES = 1500
"""Items looked at for one question; a word that more items hold than this finds the first of them."""
_SEPARATOR = "\x1f"
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_WORD = re.compile(r"[a-z0-9]+(?:[.%][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Found:
    """An item found in a stored library; `score` above 0, at most 1."""

    id: str
    name_en: str
    name_zh: str
    unit: str
    place: str
    score: float


def write_index(folder: Path, draft: Draft, results: Sequence[Result] = ()) -> None:
    """Write index/ into a library folder."""
    import numpy as np

    target = folder / "index"
    target.mkdir()
    lines = []
    for m in draft.made:
        lines.append(_search_line(m.id, m.name_en, m.name_zh, m.unit, m.place, f"{m.category} {m.product}"))
    for r in results:
        lines.append(
            _search_line(
                r.id, first(r.name, "en"), first(r.name, "zh"), r.unit, r.place, f"{r.kind} {r.company}"
            )
        )
    (target / "names.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    n = len(draft.made)
    process = np.frombuffer(draft.process, dtype=np.int32) if len(draft.process) else np.zeros(0, np.int32)
    kind = np.frombuffer(draft.kind, dtype=np.int8) if len(draft.kind) else np.zeros(0, np.int8)
    provider = np.frombuffer(draft.provider, dtype=np.int32) if len(draft.provider) else np.zeros(0, np.int32)
    amount = np.frombuffer(draft.amount, dtype=np.float64) if len(draft.amount) else np.zeros(0)
    own = {m.id: k for k, m in enumerate(draft.made)}
    at = np.array([own.get(i, -1) for i in draft.ids] or [-1], dtype=np.int64)
    gases = sorted(draft.gases)
    gas_at = {g: k for k, g in enumerate(gases)}
    gas = np.array([gas_at.get(i, -1) for i in draft.ids] or [-1], dtype=np.int64)
    bought = (kind == 0) & (provider >= 0)
    bought &= np.where(bought, at[provider], -1) >= 0
    emitted = (kind == 1) & (provider >= 0)
    _save(target, "purchases", at[provider[bought]], process[bought], amount[bought], n)
    _save(target, "gases", gas[provider[emitted]], process[emitted], amount[emitted], n)
    np.save(target / "reference.npy", np.array([m.amount for m in draft.made], dtype=np.float64))
    head = {"processes": n, "results": len(results), "gases": gases, "items": len(lines)}
    (target / "index.json").write_text(json.dumps(head, sort_keys=True), encoding="utf-8")


def _save(target: Path, name: str, row: Any, column: Any, data: Any, n: int) -> None:
    import numpy as np

    order = np.argsort(column, kind="stable")
    np.save(target / f"{name}.rows.npy", row[order].astype(np.int32))
    np.save(target / f"{name}.data.npy", data[order])
    np.save(target / f"{name}.starts.npy", np.searchsorted(column[order], np.arange(n + 1)).astype(np.int64))


def _search_line(*fields: str) -> str:
    clean = [" ".join(f.replace(_SEPARATOR, " ").split()) for f in fields]
    said = unicodedata.normalize("NFKC", " ".join(clean)).casefold()
    return _SEPARATOR.join((said, *clean[:5]))


class Opened:
    """A library folder with an index, opened lazily: nothing is read before it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.head = json.loads((folder / "index" / "index.json").read_text(encoding="utf-8"))

    @cached_property
    def _names(self) -> bytes:
        return (self.folder / "index" / "names.txt").read_bytes()

    def matrix(self, name: str) -> tuple[Any, Any, Any]:
        """(starts, rows, data) of `purchases` or `gases`, memory-mapped."""
        import numpy as np

        load = [
            np.load(self.folder / "index" / f"{name}.{part}.npy", mmap_mode="r")
            for part in ("starts", "rows", "data")
        ]
        return load[0], load[1], load[2]

    def search(self, text: str, limit: int = 20) -> list[Found]:
        """Items that hold every Latin word of `text`, and every Chinese run whole or half of its pairs, best first."""
        query = unicodedata.normalize("NFKC", text).casefold().strip()
        words = _WORD.findall(_CJK.sub(" ", query))
        runs = _CJK.findall(query)
        if not words and not runs:
            return []
        keys = sorted((k.encode() for k in (*runs, *words)), key=lambda k: self._names.count(k))
        lines = self._lines(keys[0])
        if not lines and runs:
            pairs = sorted(
                {r[k : k + 2].encode() for r in runs for k in range(len(r) - 1)}, key=self._names.count
            )
            for pair in pairs:
                lines |= self._lines(pair)
                if len(lines) > 200:
                    break
        scored = []
        for start in lines:
            end = self._names.find(b"\n", start)
            line = self._names[start:end].decode("utf-8", "replace")
            score = _score(line, query, words, runs)
            if score:
                scored.append((-score, len(line), line))
        out = []
        for negative, _, line in heapq.nsmallest(limit, scored):
            _, id_, en, zh, unit, place = line.split(_SEPARATOR)
            exact = query in (id_.casefold(), en.casefold(), zh.casefold())
            out.append(Found(id_, en, zh, unit, place, 1.0 if exact else -negative))
        return sorted(out, key=lambda f: (-f.score, len(f.name_en), f.id))

    def _lines(self, key: bytes) -> set[int]:
        """Where the lines begin that hold `key`."""
        data = self._names
        found: set[int] = set()
        at = data.find(key)
        while at >= 0 and len(found) < MAX_LINES:
            found.add(data.rfind(b"\n", 0, at) + 1)
            end = data.find(b"\n", at)
            at = data.find(key, end)
        return found


def _score(line: str, query: str, words: list[str], runs: list[str]) -> float:
    said = line[: line.index(_SEPARATOR)]
    points = 0.0
    for word in words:
        at = said.find(word)
        if at < 0:
            return 0.0
        whole = (at == 0 or not said[at - 1].isalnum()) and not said[
            at + len(word) : at + len(word) + 1
        ].isalnum()
        points += 1.0 if whole else 0.7
    for run in runs:
        if run in said:
            points += 1.0
            continue
        pairs = [run[k : k + 2] for k in range(len(run) - 1)] or [run]
        share = sum(p in said for p in pairs) / len(pairs)
        if share < 0.5:
            return 0.0
        points += 0.7 * share
    return min(0.99, 0.75 * points / (len(words) + len(runs)) + 0.24 * min(1.0, 2 * len(query) / len(said)))


def iterate(folder: Path) -> Iterator[str]:
    """Ids of the items of an index, in order."""
    with (folder / "index" / "names.txt").open(encoding="utf-8") as file:
        for line in file:
            yield line.split(_SEPARATOR)[1]
