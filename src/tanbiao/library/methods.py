"""Impact methods as tables: any set of characterisation factors, by flow, direction and place, with a declared fallback
where a place has no factor of its own. No method that may not be passed on ships; the user points to a folder."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tanbiao.core.errors import Place, Problem, TanbiaoError, refuse
from tanbiao.core.numbers import number
from tanbiao.numerics import lca

Key = tuple[str, str, str]
"""Flow, direction (output or input) and place ("" where the factor holds anywhere)."""
COLUMNS = ("method", "flow", "cf")
_PROPERTY = re.compile(r" \((Mass|Volume|Energy|Net calorific value|Area|Area\*time|Radioactivity)[,)].*\Z")


@dataclass(frozen=True, eq=False)
class Method:
    """One impact category: factors per unit of a flow."""

    name: str
    factors: Mapping[Key, Fraction]

    def factor(self, flow: str, direction: str, chain: Sequence[str]) -> tuple[Fraction, str] | None:
        """The factor of the first place of `chain` that has one, and that place."""
        for place in chain:
            found = self.factors.get((flow, direction, place))
            if found is not None:
                return found, place
        return None


@dataclass(frozen=True, slots=True)
class Fallback:
    """An entry whose place has no factor of its own: that of `used` serves instead ("": the one without place)."""

    method: str
    flow: str
    asked: str
    used: str


@dataclass(frozen=True, eq=False)
class Characterised:
    """factor (entries, methods); fallbacks; missing: (method, flow) without any factor, counted as 0 and listed."""

    factor: NDArray[np.float64]
    methods: tuple[str, ...]
    fallbacks: tuple[Fallback, ...]
    missing: tuple[tuple[str, str], ...]

    def burdens(
        self,
        process: NDArray[np.intp],
        amount: NDArray[np.float64],
        uncertainty: lca.Uncertainty | None = None,
    ) -> lca.Burdens:
        """For the engine: entry k is `amount[k]` of its flow at `process[k]`."""
        return lca.Burdens(process, amount, self.factor, uncertainty)


@dataclass(frozen=True)
class Places:
    """Which places stand in for a place without factors: `chain` by place, else country of a region, then `default`."""

    chain: Mapping[str, Sequence[str]] = field(default_factory=dict)
    default: Sequence[str] = ("",)

    def of(self, place: str) -> tuple[str, ...]:
        """The place itself and its stand-ins, in order."""
        country = (place.partition("-")[0],) if "-" in place else ()
        return tuple(dict.fromkeys((place, *self.chain.get(place, country), *self.default)))


def read_methods(path: Path) -> dict[str, Method]:
    """Methods of a CSV table (or of every CSV in a folder) with the columns method, flow, cf and, where wanted,
    direction and location. A flow may carry its property and compartment in brackets, as in ILCD: factors that differ
    between compartments keep the full name, the others go by the bare name as well.

    Raises `TanbiaoError` with every cell that cannot be read.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    found: dict[str, dict[Key, Fraction]] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                reader = csv.DictReader(lines)
                if not set(COLUMNS) <= set(reader.fieldnames or ()):
                    if not path.is_dir():
                        problems.append(
                            Problem("method-columns", Place(file.name, 1), {"columns": ", ".join(COLUMNS)})
                        )
                    continue
                for row in reader:
                    try:
                        value = number(row["cf"])
                    except ValueError:
                        problems.append(
                            Problem(
                                "number-expected",
                                Place(file.name, reader.line_num, "cf"),
                                {"text": row["cf"][:60]},
                            )
                        )
                        continue
                    direction = (row.get("direction") or "output").lower()
                    key = (row["flow"], direction, row.get("location") or "")
                    if found.setdefault(row["method"], {}).setdefault(key, value) != value:
                        problems.append(
                            Problem(
                                "method-twice",
                                Place(file.name, reader.line_num, "cf"),
                                {"method": row["method"], "flow": row["flow"]},
                            )
                        )
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            problems.append(Problem("method-unreadable", Place(file.name), {"detail": str(error)}))
    if problems:
        raise TanbiaoError(problems[:100])
    if not found:
        raise refuse("method-none", Place(path.name), columns=", ".join(COLUMNS))
    return {
        name: Method(name, MappingProxyType({**_bare(factors), **factors})) for name, factors in found.items()
    }


def _bare(factors: Mapping[Key, Fraction]) -> dict[Key, Fraction]:
    """Factors by the bare name of their flow, where every compartment has the same."""
    groups: dict[Key, set[Fraction]] = {}
    for (flow, direction, place), value in factors.items():
        groups.setdefault((_PROPERTY.sub("", flow).lower(), direction, place), set()).add(value)
    return {key: next(iter(values)) for key, values in groups.items() if len(values) == 1}


def characterise(
    methods: Sequence[Method],
    flows: Sequence[str],
    places: Sequence[str],
    directions: Sequence[str] = (),
    fallback: Places | None = None,
) -> Characterised:
    """Factors of every entry (a flow at a place) under every method. directions: output where empty."""
    stand_ins = fallback or Places()
    out = np.zeros((len(flows), len(methods)))
    fallbacks: dict[Fallback, None] = {}
    missing: dict[tuple[str, str], None] = {}
    for k, (flow, place) in enumerate(zip(flows, places, strict=True)):
        direction = directions[k] if directions else "output"
        for m, method in enumerate(methods):
            found = method.factor(flow, direction, stand_ins.of(place))
            if found is None:
                missing[method.name, flow] = None
                continue
            out[k, m] = float(found[0])
            if found[1] != place and any(key[2] for key in method.factors):
                fallbacks[Fallback(method.name, flow, place, found[1])] = None
    return Characterised(out, tuple(m.name for m in methods), tuple(fallbacks), tuple(missing))


def climate_factors(method: Method, names: Mapping[str, str]) -> dict[str, Fraction]:
    """Factors by gas id for `compile_library(..., factors=...)`; names: gas id → flow of the method."""
    return {
        gas: found[0]
        for gas, flow in names.items()
        if (found := method.factor(flow, "output", ("",))) is not None
    }
