"""Texts: YAML whose scalars stay strings and know their line, and texts in two languages."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .errors import Lang, Place, refuse

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 60
MOST_NODES = 2_000_000


@dataclass(frozen=True, slots=True)
class Text:
    """The same statement in zh and en."""

    zh: str
    en: str

    def __getitem__(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en

    def data(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


def default_lang() -> Lang:
    """From the environment: zh where a Chinese locale is set, else en."""
    for name in ("TANBIAO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


class Node(Mapping[str, Any]):
    """A YAML mapping with the line of every key. Scalars are strings (`1.10` stays `1.10`, `no` stays `no`)."""

    def __init__(self, file: str, line: int, items: Mapping[str, Any], lines: Mapping[str, int]) -> None:
        self.file, self.line, self._items, self._lines = file, line, dict(items), dict(lines)

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def place(self, key: str | None = None) -> Place:
        """Where this mapping, or one of its keys, stands."""
        return Place(self.file, self._lines.get(key, self.line) if key else self.line, path=key)

    def plain(self) -> dict[str, Any]:
        """The same content as plain dicts and lists."""
        return {k: plain(v) for k, v in self._items.items()}


def plain(value: Any) -> Any:
    """Nodes, lists and scalars as plain dicts, lists and strings."""
    if isinstance(value, Node):
        return value.plain()
    return [plain(v) for v in value] if isinstance(value, list) else value


def read_yaml(path: Path, name: str | None = None) -> Any:
    """Read a YAML file into `Node`s, lists and strings; `name` is what messages call the file.

    Refuses (`yaml-syntax`, `yaml-duplicate-key`, `yaml-encoding`, `file-missing`).
    """
    name = name or path.name
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise refuse("file-missing", Place(name), file=name) from None
    except UnicodeDecodeError:
        raise refuse("yaml-encoding", Place(name), file=name) from None
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> Any:
    """As `read_yaml`, from a text. Refuses, too, what nests or expands beyond reason (`yaml-too-large`)."""
    try:
        events = yaml.parse(text, Loader=_Loader)
        return _Builder(name).build(events)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        detail = str(getattr(error, "problem", None) or error)
        raise refuse("yaml-syntax", Place(name, mark.line + 1 if mark else None), detail=detail) from None


class _Builder:
    """Builds values from parser events in one pass. The C composer would overrun its stack on deep nesting, and
    aliases can stand for more nodes than memory holds: both are counted here."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.open: list[_Open] = []
        self.result: Any = None
        self.done = False

    def build(self, events: Iterator[Any]) -> Any:
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                plain_text = event.implicit[0] and event.style is None
                value = (
                    None if plain_text and event.value in ("", "~", "null", "Null", "NULL") else event.value
                )
                self.add(value, 1, event)
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in self.anchors:
                    raise refuse("yaml-syntax", Place(self.file, _line(event)), detail=f"*{event.anchor}")
                self.add(*self.anchors[event.anchor], event)
            elif isinstance(event, yaml.CollectionStartEvent):
                line = _line(event)
                if len(self.open) >= DEEPEST:
                    raise refuse("yaml-too-large", Place(self.file, line), limit=f"{DEEPEST} levels")
                self.open.append(_Open(isinstance(event, yaml.MappingStartEvent), line, event.anchor))
            elif isinstance(event, yaml.CollectionEndEvent):
                closed = self.open.pop()
                self.add(closed.value(self.file), closed.size, event, closed.anchor)
        return self.result if self.done else Node(self.file, 1, {}, {})

    def add(self, value: Any, size: int, event: Any, anchor: str | None = None) -> None:
        anchor = anchor or (getattr(event, "anchor", None) if isinstance(event, yaml.ScalarEvent) else None)
        if anchor is not None:
            self.anchors[anchor] = (value, size)
        line = _line(event)
        if not self.open:
            if not self.done:
                self.result, self.done = value, True
            return
        parent = self.open[-1]
        parent.size += size
        if parent.size > MOST_NODES:
            raise refuse("yaml-too-large", Place(self.file, line), limit=f"{MOST_NODES} nodes")
        if not parent.mapping:
            parent.items.append(value)
        elif parent.key is _NO_KEY:
            if not isinstance(value, str):
                raise refuse("yaml-syntax", Place(self.file, line), detail="a key must be a plain text")
            if value in parent.pairs:
                raise refuse("yaml-duplicate-key", Place(self.file, line), key=value)
            parent.key = value
            parent.lines[value] = line
        else:
            parent.pairs[parent.key] = value
            parent.key = _NO_KEY


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


_NO_KEY: Any = object()


class _Open:
    """A collection that is being read."""

    def __init__(self, mapping: bool, line: int, anchor: str | None) -> None:
        self.mapping, self.line, self.anchor = mapping, line, anchor
        self.items: list[Any] = []
        self.pairs: dict[str, Any] = {}
        self.lines: dict[str, int] = {}
        self.key: Any = _NO_KEY
        self.size = 1

    def value(self, file: str) -> Any:
        return Node(file, self.line, self.pairs, self.lines) if self.mapping else self.items
