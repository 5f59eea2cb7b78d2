"""Put ours beside a published result: in its own unit, stage by stage, with what is not comparable named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.errors import LANGS, Place, refuse
from ..core.numbers import number
from ..core.text import Node
from ..core.units import UnitError, unit
from ..evaluate.published import Beside, beside
from ..present.comparison import beside_page
from ..study import Study
from ..study.parameters import read_quantity
from .compare import comparer_of
from .files import json_text, write
from .published_forms import read_published
from .run import LoadedStudy


@dataclass(frozen=True)
class Measure:
    """How many of the published unit our reference flow holds (None where no fact says so), and the basis of that."""

    amount: float | None
    basis: str = ""


def beside_published(loaded: LoadedStudy, path: Path, pack: str, per: str = "", result: str = "") -> Beside:
    """Ours under `pack` beside the published result.

    per: the study's parameter that the published unit is per; where none is named, the reference flow or its mass.
    result: which one, where the file holds several.
    """
    theirs, named = read_published(path, result)
    measured = theirs.unit.partition("/")[2]
    here = measure(loaded.study, measured, per or named, path.name)
    books, comparer = comparer_of(loaded, [pack])
    period = tuple(str(loaded.study.at(f"period.{p}") or "") for p in ("start", "end"))
    return beside(theirs, comparer.side(books[pack]), here.amount, here.basis, (period[0], period[1]))


def measure(study: Study, measured: str, per: str, file: str) -> Measure:
    """How many `measured` our reference flow holds. Refuses (`published-per`) a parameter that is no such quantity."""
    if per:
        return _parameter(study, measured, per, file)
    if not measured:
        return Measure(1.0)
    for text in (str(study.at("reference.amount") or ""), _mass(study)):
        amount, _, have = text.partition(" ")
        try:
            return Measure(float(number(amount) * unit(have).to(unit(measured))))
        except (UnitError, ValueError):
            continue
    return Measure(None)


def _parameter(study: Study, measured: str, per: str, file: str) -> Measure:
    found = study.at(f"parameters.{per}")
    text = found.get("value") if isinstance(found, Node) else found
    if not text:
        raise refuse("published-per", Place(file, path="per"), per=per, unit=measured or "—")
    quantity = read_quantity(str(text))
    try:
        amount = float(quantity.value / unit(measured).factor)
        unit(measured).to(quantity.unit)
    except UnitError:
        raise refuse("published-per", Place(file, path="per"), per=per, unit=measured or "—") from None
    words = found.get("basis") if isinstance(found, Node) else None
    return Measure(amount, ", ".join(str(v) for v in words.values()) if isinstance(words, Node) else "")


def _mass(study: Study) -> str:
    """The mass of the reference flow: `product.mass`, else the column `mass` of its row; empty where neither says."""
    said = study.at("product.mass")
    if said:
        return str(said.get("value") if isinstance(said, Node) else said)
    table = study.tables.get("exchange")
    for row in table.rows() if table is not None else ():
        if (
            row.get("direction") == "product"
            and row.get("process") == study.at("reference.process")
            and row.get("mass")
        ):
            amount = str(study.at("reference.amount") or "1").partition(" ")[0]
            try:
                return f"{float(number(amount) * number(row['mass']))!r} kg"
            except ValueError:
                return ""
    return ""


def write_beside(found: Beside, study: Study, folder: Path) -> list[Path]:
    """The page in zh and en, and the data."""
    paths = [
        write(
            folder / f"{study.id}.beside.{lang}.html",
            beside_page(str(study.at(f"title.{lang}") or study.id), found, lang, study.constructed),
        )
        for lang in LANGS
    ]
    return [*paths, write(folder / f"{study.id}.beside.json", json_text(found.data()))]
