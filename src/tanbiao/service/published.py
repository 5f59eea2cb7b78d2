"""Read a published result written down as YAML, and put ours beside it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from ..core.errors import LANGS, Place, refuse
from ..core.text import Node, Text, read_yaml
from ..evaluate.published import Beside, PublishedResult, PublishedStage, beside
from ..present.comparison import beside_page
from ..study import Study
from ..study.parameters import read_quantity
from .compare import comparer_of
from .files import json_text, write
from .run import LoadedStudy


def read_published(path: Path) -> tuple[PublishedResult, str]:
    """The published result, and the study's parameter that its unit is per. Refuses (`published-form`)."""
    raw = read_yaml(path)
    if not isinstance(raw, Node):
        raise refuse("published-form", Place(path.name), key="title, value, unit")
    for key in ("title", "source", "unit"):
        if not raw.get(key):
            raise refuse("published-form", raw.place(), key=key)
    stages = []
    for name, spec in (raw.get("stages") or {}).items():
        spec = spec if isinstance(spec, Node) else {"value": spec}
        words = spec.get("name")
        text = Text(str(words["zh"]), str(words["en"])) if isinstance(words, Node) else Text(name, name)
        stages.append(
            PublishedStage(
                text, _number(raw, f"stages.{name}", spec.get("value")), tuple(spec.get("steps") or ())
            )
        )
    steps = tuple(raw.get("boundary") or dict.fromkeys(s for stage in stages for s in stage.steps))
    method = {k: str(v) for k, v in (raw.get("method") or {}).items()}
    return PublishedResult(
        str(raw["title"]),
        str(raw["source"]),
        _number(raw, "value", raw.get("value")),
        str(raw["unit"]),
        str(raw.get("basis") or ""),
        tuple(stages),
        steps,
        method,
        str(raw.get("rules") or ""),
        str(raw.get("verification") or ""),
    ), str(raw.get("per") or "")


def _number(raw: Node, key: str, text: Any) -> float | None:
    if text in (None, ""):
        return None
    try:
        return float(str(text))
    except ValueError:
        raise refuse("published-form", raw.place(), key=key) from None


def beside_published(loaded: LoadedStudy, path: Path, pack: str) -> Beside:
    """Ours under `pack` beside the published result. `per` names the study's parameter that its unit is per."""
    theirs, per = read_published(path)
    books, comparer = comparer_of(loaded, [pack])
    amount, basis = 1.0, ""
    if per:
        found = loaded.study.at(f"parameters.{per}")
        text = found.get("value") if isinstance(found, Node) else found
        if not text:
            raise refuse("published-form", Place(path.name, path="per"), key=f"per: {per}")
        quantity = read_quantity(str(text))
        amount = float(quantity.value / quantity.unit.factor)
        words = found.get("basis") if isinstance(found, Node) else None
        basis = ", ".join(str(v) for v in words.values()) if isinstance(words, Node) else ""
    return beside(theirs, comparer.side(books[pack]), amount, basis)


def write_beside(found: Beside, study: Study, folder: Path) -> list[Path]:
    """The page in zh and en, and the data."""
    paths = [
        write(folder / f"{study.id}.beside.{lang}.html", beside_page(escape(study.id), found, lang))
        for lang in LANGS
    ]
    return [*paths, write(folder / f"{study.id}.beside.json", json_text(found.data()))]
