"""What of a study's impact method travels in a bundle: neither its factors nor anybody's elementary flows, but what one
unit of every provider used brings in the categories that were asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core.text import Text
from ..evaluate import Evaluation, Result
from ..library.intensity import FlowSaid, Impacts, Intensity, Taken

INTENSITIES = "library/impacts.json"


def intensities_data(results: Sequence[Result], impacts: Impacts) -> dict[str, Any]:
    """library/impacts.json: intensities of all that lines took, under every option that was tried."""
    evaluations = [e for r in results for e in _all(r.evaluation)]
    asked = sorted({c for e in evaluations for c in e.impact_columns.asked})
    used = {
        t for e in evaluations if e.impact_columns.asked for t in e.impact_columns.taken() if t is not None
    }
    items = {p for e in evaluations if e.solved is not None for p in e.solved.lines.provider}
    return {
        "method": {"name": impacts.name, "digest": impacts.digest},
        "categories": dict(impacts.categories),
        "named": dict(impacts.named),
        "flows": {
            i: {"name": impacts.flows[i].name.data(), "unit": impacts.flows[i].unit}
            for i in sorted(items & impacts.flows.keys())
        },
        "taken": [_data(t, i, asked) for t, i in sorted(impacts.of(sorted(used)).items())],
    }


def _all(evaluation: Evaluation) -> Iterator[Evaluation]:
    yield evaluation
    for other in evaluation.others.values():
        yield from _all(other)


def _data(taken: Taken, found: Intensity, asked: Sequence[str]) -> dict[str, Any]:
    return {
        "item": taken.item,
        "direction": taken.direction,
        "place": taken.place,
        "value": {c: repr(found.value[c]) for c in asked if c in found.value},
        "missed": {c: str(found.missed[c]) for c in asked if found.missed.get(c)},
        "lacking": list(found.lacking),
        "climate_only": list(found.climate_only),
    }


def read_intensities(data: bytes) -> Impacts:
    """The impact method that a bundle carries; raises `ValueError`, `KeyError` or `TypeError` for anything else."""
    raw = json.loads(data)
    found: dict[Taken, Intensity] = {
        Taken(str(t["item"]), str(t["direction"]), str(t["place"])): Intensity(
            {str(c): float(v) for c, v in t["value"].items()},
            {str(c): int(n) for c, n in t["missed"].items()},
            tuple(map(str, t["lacking"])),
            tuple(map(str, t["climate_only"])),
        )
        for t in raw["taken"]
    }

    def of(taken: Sequence[Taken]) -> Mapping[Taken, Intensity]:
        return {t: found.get(t, Intensity({}, lacking=(t.item,))) for t in taken}

    return Impacts(
        str(raw["method"]["name"]),
        str(raw["method"]["digest"]),
        {str(c): str(u) for c, u in raw["categories"].items()},
        {str(w): str(c) for w, c in raw["named"].items()},
        {
            str(i): FlowSaid(Text(str(f["name"]["zh"]), str(f["name"]["en"])), str(f["unit"]))
            for i, f in raw["flows"].items()
        },
        of,
        stored=True,
    )


__all__ = ["INTENSITIES", "intensities_data", "read_intensities"]
