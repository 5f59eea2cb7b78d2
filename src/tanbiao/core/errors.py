"""Errors as data: what is wrong, where, why, and how to mend it, in zh and en from one catalogue.

The catalogue lies in `tanbiao/catalogue/*.yaml`, one file for each room: `code: {title, what, why, fix}`, every
text in zh and en with `{name}` places for the arguments of the problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, Lang] = ("zh", "en")
_HOLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file, and in it a row (1 = first line of the file), a cell or a path."""

    file: str | None = None
    row: int | None = None
    cell: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        parts = [
            self.file or "",
            str(self.row) if self.row is not None else "",
            self.cell or "",
            self.path or "",
        ]
        return ":".join(p for p in parts if p) or "-"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what the user gave."""

    code: str
    place: Place = Place()
    args: Mapping[str, str] = field(default_factory=dict)
    clause: str | None = None
    level: Literal["error", "warning"] = "error"

    def __post_init__(self) -> None:
        object.__setattr__(self, "args", MappingProxyType(dict(self.args)))

    def part(self, name: str, lang: Lang) -> str:
        """The text `name` (title, what, why, fix) in `lang`; empty when the catalogue gives none."""
        texts = entry(self.code).get(name)
        return _fill(texts[lang], self.args) if texts else ""

    def text(self, lang: Lang) -> str:
        """One line: place, what is wrong, how to mend it."""
        clause = f" [{self.clause}]" if self.clause else ""
        fix = self.part("fix", lang)
        mend = (" → " + fix) if fix else ""
        return f"{self.place}: {self.part('what', lang)}{clause}{mend}"

    def data(self) -> dict[str, object]:
        """For JSON output."""
        return {
            "code": self.code,
            "level": self.level,
            "where": str(self.place),
            "file": self.place.file,
            "row": self.place.row,
            "cell": self.place.cell,
            "path": self.place.path,
            "clause": self.clause,
            **{
                part: {lang: self.part(part, lang) for lang in LANGS}
                for part in ("title", "what", "why", "fix")
            },
        }


class TanbiaoError(Exception):
    """Unusable input: carries every problem that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(p.text("en") for p in self.problems))


def refuse(code: str, place: Place | None = None, clause: str | None = None, **args: object) -> TanbiaoError:
    """A `TanbiaoError` holding one problem, for `raise refuse(...)`."""
    return TanbiaoError([Problem(code, place or Place(), {k: str(v) for k, v in args.items()}, clause)])


def raise_errors(problems: Iterable[Problem]) -> None:
    """Raise when any problem is an error; warnings alone pass."""
    found = tuple(problems)
    if any(p.level == "error" for p in found):
        raise TanbiaoError(found)


@cache
def catalogue() -> Mapping[str, Mapping[str, Mapping[Lang, str]]]:
    """Every error the system can report, by code."""
    import yaml

    entries: dict[str, Mapping[str, Mapping[Lang, str]]] = {}
    for file in sorted((resources.files("tanbiao") / "catalogue").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            for code, texts in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items():
                if code in entries:
                    raise ValueError(f"error code {code} stands twice in the catalogue")
                entries[code] = texts
    return entries


def entry(code: str) -> Mapping[str, Mapping[Lang, str]]:
    """The catalogue's entry for `code`."""
    return catalogue()[code]


def _fill(text: str, args: Mapping[str, str]) -> str:
    return _HOLE.sub(lambda hole: args.get(hole[1], hole[0]), text)
