"""The text of study.yaml with other editions of its packs; every other character stays."""

from __future__ import annotations

import re
from collections.abc import Mapping


def with_packs(text: str, moves: Mapping[str, str]) -> str:
    """study.yaml with `id@edition` replaced in its block `packs:`. moves: name as the study writes it → new name."""
    block = re.search(
        r"(?m)^packs:[^\n]*\n(?:[ \t-][^\n]*\n|\n)*", text if text.endswith("\n") else text + "\n"
    )
    if block is None:
        return text
    said = block[0]
    for old, new in moves.items():
        said = re.sub(rf"(?<![\w.@+-]){re.escape(old)}(?![\w.@+-])", lambda _, new=new: new, said)  # type: ignore[misc]
    return text[: block.start()] + said + text[block.end() :]


__all__ = ["with_packs"]
