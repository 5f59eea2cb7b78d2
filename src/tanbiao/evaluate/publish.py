"""What a publish clause gives out: its value, stages, contributions, quality, and the fingerprint of its method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..core.digest import digest
from ..core.errors import Problem, TanbiaoError
from ..core.text import Text
from ..core.value import KNOWN, Value
from ..standards.clause import Clause
from .background import POSITION_COLUMNS, POSITIONS, Background
from .impacts import category_of
from .results import Contribution, Published, Stage
from .run import Evaluation

SUM_TOLERANCE = 1e-9


def published_of(clause: Clause, evaluation: Evaluation, refused: tuple[str, ...]) -> Published:
    rulebook = evaluation.rulebook
    target = rulebook.clauses.get(clause.of)
    base = Published(
        rulebook.pack.version,
        clause.of,
        clause.address,
        clause.review,
        clause.text,
        None,
        "—",
        clause.unit.text,
        dict(target.basis if target else ()),
        headline=clause.headline,
    )
    if refused:
        return replace(base, missing=refused)
    try:
        value = evaluation.value(clause.name)
    except TanbiaoError as error:
        evaluation.problems.extend(error.problems)
        return replace(base, missing=tuple(p.text("en") for p in error.problems[:3]))
    base = replace(base, entry=evaluation.keys[clause.name], grade=evaluation.grades.get(clause.of))
    if value.state != KNOWN:
        return replace(base, missing=tuple(sorted(value.why)))
    if isinstance(value.data, str | bool):
        return replace(base, value=str(value.data), published=str(value.data))
    shown = value.with_unit(clause.unit)
    exact = shown.number()
    text = clause.rounding.text(exact) if clause.rounding is not None else str(float(exact))
    base = replace(base, value=float(exact), published=text)
    if clause.per or clause.stages:
        base = _breakdown(base, clause, evaluation, float(exact))
    return base


def _breakdown(base: Published, clause: Clause, evaluation: Evaluation, total: float) -> Published:
    """Stages, positions, coverage and contributions; refuses when the stages do not sum to the total."""
    category = category_of(evaluation.rulebook.clauses.get(clause.of))
    columns = {
        n: evaluation.line_column(n)
        for n in (
            "impact",
            "account",
            "stage",
            "low",
            "high",
            "judged",
            "unconverted",
            "coverage",
            "provider",
            *POSITION_COLUMNS,
        )
    }
    if category is not None:
        columns["impact"] = evaluation.impact(*category)
        columns |= dict.fromkeys(("low", "high"), columns["impact"])
    per = 1.0
    if clause.per:
        divisor = evaluation.value(clause.per)
        if divisor.state != KNOWN:
            return base
        per = float(divisor.data)
    scale = 1.0 / per / float(clause.unit.factor)
    accounts = columns["account"].data
    inside = np.array([a in ("total", "credit") for a in accounts], dtype=bool)
    impact = np.asarray(columns["impact"].data, dtype=np.float64) * scale
    low, high = (np.asarray(columns[n].data, dtype=np.float64) * scale for n in ("low", "high"))
    stages = _stages(clause, evaluation, columns["stage"].data, inside, impact, low, high)
    parts = sum(s.value for s in stages)
    if abs(parts - total) > SUM_TOLERANCE * max(1.0, abs(total), float(np.abs(impact).sum())):
        problem = Problem(
            "breakdown-sum",
            clause.place,
            {"name": clause.of, "parts": f"{parts:.9g}", "total": f"{total:.9g}"},
            clause.address,
        )
        raise TanbiaoError([problem])
    positions = (
        {}
        if category is not None
        else {
            p: float(np.asarray(columns[n].data, dtype=np.float64)[inside].sum() * scale)
            for p, n in zip(POSITIONS, POSITION_COLUMNS, strict=True)
        }
    )
    weight = float(np.abs(impact[inside]).sum()) or 1.0
    kinds = columns["coverage"].data
    coverage = {
        k: float(np.abs(impact[inside & (kinds == k)]).sum() / weight)
        for k in ("named", "derived", "proxy", "none", "direct")
    }
    extras = {role: _scalar(evaluation, name) for role, name in clause.also.items()}
    dqr = {
        role.removeprefix("dqr_"): v
        for role, v in extras.items()
        if role.startswith("dqr_") and isinstance(v, float)
    }
    pds = extras.get("primary_data_share")
    verdict = extras.get("verdict")
    return replace(
        base,
        stages=stages,
        positions=positions,
        low=float(low[inside].sum()) if category is None else None,
        high=float(high[inside].sum()) if category is None else None,
        credits=float(impact[accounts == "credit"].sum()),
        outside=float(impact[accounts == "outside"].sum()),
        coverage=coverage,
        judged=_share(columns["judged"], inside, scale / weight) if category is None else 0.0,
        unconverted=_share(columns["unconverted"], inside, scale / weight) if category is None else 0.0,
        contributions=_contributions(columns, inside, impact, low, high, evaluation.background, total),
        verdict=str(verdict) if verdict is not None else None,
        primary_data_share=pds if isinstance(pds, float) else None,
        dqr=dqr,
        method_fingerprint=fingerprint(clause, evaluation, category is not None),
    )


def _share(column: Value, inside: Any, scale: float) -> float:
    return float(np.abs(column.data[inside]).sum() * scale)


def _stages(
    clause: Clause, evaluation: Evaluation, tags: Any, inside: Any, impact: Any, low: Any, high: Any
) -> tuple[Stage, ...]:
    names: dict[str, Text] = {}
    if clause.stages:
        values = evaluation.rulebook.tables[clause.stages].values
        for row in range(evaluation.rulebook.tables[clause.stages].rows):
            account = str(values["account"].data[row]) if "account" in values else ""
            if account != "outside":
                names.setdefault(
                    str(values["stage"].data[row]),
                    Text(str(values["zh"].data[row]), str(values["en"].data[row])),
                )
    for tag in tags[inside]:
        names.setdefault(str(tag), Text(str(tag), str(tag)))
    found = []
    for id_, name in names.items():
        mask = inside & (tags == id_)
        found.append(
            Stage(id_, name, float(impact[mask].sum()), float(low[mask].sum()), float(high[mask].sum()))
        )
    return tuple(found)


def _contributions(
    columns: Mapping[str, Value],
    inside: Any,
    impact: Any,
    low: Any,
    high: Any,
    background: Background,
    total: float,
) -> tuple[Contribution, ...]:
    groups: dict[str, list[int]] = {}
    for row in np.flatnonzero(inside):
        groups.setdefault(str(columns["provider"].data[row]), []).append(int(row))
    found = []
    for provider, rows in groups.items():
        known = background.providers.get(provider)
        if known is not None and known.kind == "flow" and not impact[rows].any():
            continue  # an elementary flow that this category does not count
        name = known.name if known else Text(provider or "未链接", provider or "not linked")
        value = float(impact[rows].sum())
        found.append(
            Contribution(
                provider,
                name,
                value,
                float(low[rows].sum()),
                float(high[rows].sum()),
                str(columns["coverage"].data[rows[0]]),
                value / total if total else 0.0,
            )
        )
    return tuple(sorted(found, key=lambda c: (-abs(c.value), c.provider)))


def _scalar(evaluation: Evaluation, name: str) -> float | str | None:
    value = evaluation.value(name)
    if value.state != KNOWN or value.table is not None:
        return None
    if isinstance(value.data, str | bool):
        return str(value.data)
    return float(value.data)


def fingerprint(clause: Clause, evaluation: Evaluation, impacts: bool = False) -> str:
    """Two results may be compared only when this agrees: packs, unit, chosen options, GWP set, libraries, and for an
    impact category (`impacts`) the study's method."""
    method = evaluation.background.impacts if impacts else None
    options = {c: sorted(set(d.option) - {""}) for c, d in sorted(evaluation.decisions.items())}
    return digest(
        {
            "packs": sorted(evaluation.rulebook.digests.values()),
            "unit": clause.unit.text,
            "basis": [
                list(b)
                for b in (
                    evaluation.rulebook.clauses[clause.of].basis
                    if clause.of in evaluation.rulebook.clauses
                    else ()
                )
            ],
            "options": options,
            "gwp": evaluation.background.gwp,
            "libraries": sorted(evaluation.background.libraries.values()),
            **({"impact_method": method.digest} if method is not None else {}),
        }
    )[:16]
