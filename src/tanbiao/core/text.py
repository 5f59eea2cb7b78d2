"""Texts: YAML whose scalars stay strings and know their line, and texts in two languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from .errors import Lang, Place, refuse

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Text:
    """The same statement in zh and en."""

    zh: str
    en: str

    def __getitem__(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en

    def data(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


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
    """As `read_yaml`, from a text."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        detail = str(getattr(error, "problem", None) or error)
        raise refuse("yaml-syntax", Place(name, mark.line + 1 if mark else None), detail=detail) from None
    return _convert(node, name) if node is not None else Node(name, 1, {}, {})


def _convert(node: Any, file: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        items: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise refuse("yaml-syntax", Place(file, line), detail="a key must be a plain text")
            if key.value in items:
                raise refuse("yaml-duplicate-key", Place(file, line), key=key.value)
            items[key.value] = _convert(value, file)
            lines[key.value] = line
        return Node(file, node.start_mark.line + 1, items, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_convert(v, file) for v in node.value]
    scalar = cast(str, node.value)
    return None if node.tag.endswith(":null") else scalar
