"""Small studies written for one test: tables given as lists of rows, evaluated under a pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tanbiao.core.errors import raise_errors
from tanbiao.core.text import Text, parse_yaml
from tanbiao.core.units import unit
from tanbiao.evaluate import Background, Evaluation, Ledger, Provider, resolve_facts
from tanbiao.standards import Rulebook, resolve
from tanbiao.study import Study, Table

ROOT = Path(__file__).resolve().parents[1]
Rows = Sequence[Mapping[str, object]]


def rulebook(name: str = "test.product@2025") -> Rulebook:
    return resolve(name, [ROOT / "tests" / "packs", ROOT / "packs"])[0]


def table(name: str, rows: Rows) -> Table:
    columns = ["id", *dict.fromkeys(k for r in rows for k in r if k != "id")]
    return Table(
        name,
        f"{name}.csv",
        {c: tuple(str(r.get(c, "")) for r in rows) for c in columns},
        tuple(range(2, len(rows) + 2)),
        {},
    )


def provider(id_: str, value: float, per: str = "kg", position: int = 8) -> Provider:
    vector = np.zeros(9)
    vector[position] = value
    return Provider(id_, Text(id_, id_), unit(per), vector, value, value, "named", "factor", record=id_)


def evaluation(
    tables: Mapping[str, Rows],
    values: Mapping[str, float],
    reference: Mapping[str, str],
    pack: str = "test.product@2025",
    salt: str = "s",
) -> Evaluation:
    """Evaluate tables of facts against providers of kgCO2e per kg."""
    book = rulebook(pack)
    lines = "".join(f"  {k}: {v}\n" for k, v in reference.items())
    head = parse_yaml(
        f"schema: 1\nsubject: product\nas_of: 2026-01-01\nsalt: {salt}\npacks: [{pack}]\nreference:\n{lines}",
        "study.yaml",
    )
    study = Study(head, {n: table(n, r) for n, r in tables.items()}, Path("."))
    facts, problems = resolve_facts(study, book)
    raise_errors(problems)
    providers = {i: provider(i, v) for i, v in values.items()}
    return Evaluation(book, facts, Background(providers, {}, "test"), Ledger())


def footprint(tables: Mapping[str, Rows], values: Mapping[str, float], reference: Mapping[str, str]) -> float:
    return float(evaluation(tables, values, reference).value("footprint").number())
