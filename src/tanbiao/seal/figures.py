"""Figures: what of a run is published, as texts; and the comparison of texts with values computed again.

Values go into files with 12 significant digits and are compared within 1e-9; published texts are compared
as they are, save that a value which lies on a rounding tie may come out on either side of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from typing import Any, Protocol

from ..core.errors import Problem
from ..core.numbers import Rounding, decimal_text
from ..core.text import Node as Yaml
from ..core.text import Text, plain
from ..evaluate import Ledger, Published, Result
from ..library.intensity import Impacts
from ..study import Study
from .statement import Figure, StagePart

TOLERANCE = 1e-9
DIGITS = 12
PRODUCT_KEYS = (
    "name",
    "model",
    "type",
    "producer",
    "manufacturer",
    "site",
    "brand",
    "gtin",
    "batch",
    "serial",
    "category",
    "function",
    "id",
)
"""What of the study's product a statement names. Everything else about the product stays in the study."""

BOUNDARY_KEYS = ("kind", "stages", "boundary", "boundary_reason", "pcr")
"""What of the study's scope a statement tells."""

_SHARES = {
    "coverage",
    "judged_share",
    "unconverted_share",
    "primary_data_share",
    "dqr",
    "share",
    "index",
    "levels",
    "blockers",
    "best",
    "worst",
}
_OPEN_FINDING = ("pack", "clause", "number", "severity", "review", "verdict", "message", "remedy", "source")
_UNROUNDED = Rounding("significant", DIGITS)


class Evaluated(Protocol):
    """A study with what followed from it: `tanbiao.service.Run` is one."""

    @property
    def study(self) -> Study: ...
    @property
    def results(self) -> tuple[Result, ...]: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def problems(self) -> tuple[Problem, ...]: ...
    @property
    def impacts(self) -> Impacts | None: ...
    def data(self) -> dict[str, Any]:
        """The JSON of `tanbiao run --json`."""
        ...


@dataclass(frozen=True)
class Measured:
    """A figure with the values behind its texts, in the published unit."""

    figure: Figure
    value: float | None = None
    stages: Mapping[str, float] = field(default_factory=dict)
    primary_data_share: float | None = None


def measured(run: Evaluated) -> tuple[Measured, ...]:
    """Every published quantity of a run as it may be signed."""
    return tuple(_measured(p, r) for r in run.results for p in r.published)


def _measured(published: Published, result: Result) -> Measured:
    clause = next((c for c in result.rulebook.clauses.values() if c.address == published.clause), None)
    rule = (clause.rounding if clause is not None else None) or _UNROUNDED
    figure = Figure(
        pack=published.pack,
        name=published.name,
        clause=published.clause,
        review=published.review,
        title=published.title,
        published=published.published,
        unit=published.unit,
        basis=dict(published.basis),
        headline=published.headline,
        verdict=published.verdict or "",
        missing=published.missing,
        method_fingerprint=published.method_fingerprint,
    )
    if not isinstance(published.value, float):
        return Measured(figure)
    text = published.published if rule is not _UNROUNDED else number_text(published.value) or "—"
    step = _step(rule, published.value)
    parts = tuple(StagePart(s.id, s.name, _rounded(s.value, step, rule.half)) for s in published.stages)
    share = published.primary_data_share
    figure = replace(
        figure,
        published=text,
        step=format(step, "f"),
        half=rule.half,
        stages=parts,
        parts_sum=format(_sum(parts), "f") if parts else "",
        primary_data_share="" if share is None else _rounded(share, _PERCENT, "even"),
    )
    return Measured(figure, published.value, {s.id: s.value for s in published.stages}, share)


_PERCENT = Decimal("0.01")
_WIDE = Context(prec=700)
"""Wide enough for any float at the step of any other."""


def _step(rule: Rounding, value: float) -> Decimal:
    """The worth of one unit in the last published digit."""
    exact = Decimal(repr(value))
    if rule.kind == "decimals":
        return Decimal(1).scaleb(-rule.digits)
    return Decimal(1).scaleb(Decimal(rule.text(value)).adjusted() - rule.digits + 1 if exact else 0)


def _rounded(value: float, step: Decimal, half: str) -> str:
    mode = ROUND_HALF_UP if half == "up" else ROUND_HALF_EVEN
    rounded = Decimal(repr(value)).quantize(step, rounding=mode, context=_WIDE)
    return format(rounded if rounded else abs(rounded), "f")  # no negative zero


def number_text(value: float) -> str | None:
    """A float with 12 significant digits as a decimal text; None when it is not finite."""
    return decimal_text(float(f"{value:.{DIGITS}g}")) if math.isfinite(value) else None


# -- files ---------------------------------------------------------------------------------------------------


def results_data(run: Evaluated, shown: str) -> dict[str, Any]:
    """results.json. `shown` is `all`, `published` (rounded figures only: a library's licence forbids more) or
    `confidential` (in addition nothing that points into the study's tables)."""
    data = run.data()
    figures = [m.figure.data() for m in measured(run)]
    findings = data["findings"]
    problems = data["problems"]
    if shown == "confidential":
        findings = [
            {k: f[k] for k in _OPEN_FINDING} | {"rows": [], "where": "", "missing": names_only(f["missing"])}
            for f in findings
        ]
        problems = [{k: p[k] for k in ("code", "level", "clause", "title")} for p in problems]
        figures = [f | {"missing": names_only(f["missing"])} for f in figures]
    if shown == "published":
        problems = [
            p for p in problems if p["code"] != "impact-uncounted"
        ]  # it tells of the library's inventory
    if shown != "all":
        data = {
            k: data[k] for k in ("study", "constructed", "conformity", "ledger_root", "packs", "libraries")
        }
    found: dict[str, Any] = texts(
        data | {"findings": findings, "problems": problems, "figures": figures, "shown": shown}
    )
    return found


def texts(data: Any) -> Any:
    """Data whose floats have become decimal texts."""
    if isinstance(data, dict):
        return {str(k): texts(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [texts(v) for v in data]
    if isinstance(data, float):
        return number_text(data)
    return data


def names_only(missing: Sequence[str]) -> list[str]:
    """Names of data and clauses; a sentence may quote what the study says and is left out."""
    return [m for m in missing if not any(c.isspace() for c in m)]


def words(node: Any, keys: Sequence[str] | None = None) -> dict[str, str]:
    """The texts below a part of the study's head: dotted path → text; `keys` limits the first step."""
    found: dict[str, str] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if path or keys is None or key in keys:
                    walk(inner, f"{path}.{key}" if path else key)
        elif isinstance(value, list):
            found[path or "text"] = "; ".join(str(v) for v in value if not isinstance(v, dict | list))
        elif value not in (None, ""):
            found[path or "text"] = str(value)

    walk(plain(node) if isinstance(node, Yaml | list) else node, "")
    return found


def conformity(run: Evaluated) -> dict[str, Text]:
    """The words about conformity, by pack."""
    return {r.rulebook.pack.version: r.conformity() for r in run.results}


# -- comparison ----------------------------------------------------------------------------------------------


def differing_figures(signed: Sequence[Figure], again: Sequence[Measured]) -> Iterator[str]:
    """The names of signed figures that the values computed again do not bear out."""
    fresh = {(m.figure.pack, m.figure.name): m for m in again}
    for figure in signed:
        found = fresh.pop((figure.pack, figure.name), None)
        if found is None or not _same(figure, found):
            yield f"{figure.pack} {figure.name}"
    yield from (f"{pack} {name}" for pack, name in fresh)


def _same(figure: Figure, again: Measured) -> bool:
    fresh = again.figure
    plain_parts = [
        (
            f.clause,
            f.review,
            f.title,
            f.unit,
            f.basis,
            f.headline,
            f.verdict,
            f.half,
            tuple(names_only(f.missing)),
            f.method_fingerprint,
            [(s.id, s.name) for s in f.stages],
        )
        for f in (figure, fresh)
    ]
    if plain_parts[0] != plain_parts[1]:
        return False
    if again.value is None:
        return figure.published == fresh.published
    try:
        step, other = Decimal(figure.step), Decimal(fresh.step)
        if step != other and (figure.published == fresh.published or step not in (other * 10, other / 10)):
            return False  # only a tie at a power of ten (9.995) moves the last digit
        scale = max(abs(v) for v in (again.value, *again.stages.values()))
        return (
            _near_text(figure.published, fresh.published, again.value, step, min(step, other))
            and all(
                _near_text(s.published, f.published, again.stages[s.id], step, step, scale)
                for s, f in zip(figure.stages, fresh.stages, strict=True)
            )
            and (not figure.stages or Decimal(figure.parts_sum) == _sum(figure.stages))
            and _near_text(
                figure.primary_data_share,
                fresh.primary_data_share,
                again.primary_data_share,
                _PERCENT,
                _PERCENT,
                1.0,
            )
        )
    except InvalidOperation:
        return False


def _near_text(
    signed: str, fresh: str, value: float | None, step: Decimal, width: Decimal, scale: float = 0.0
) -> bool:
    """Equal texts; or a text with the digits of `step`, and a value so near to a tie that it may round to
    either side of it: half of `width` away, within the tolerance."""
    if signed == fresh:
        return True
    if value is None or not signed:
        return False
    text = Decimal(signed)
    if not text.is_finite() or text.as_tuple().exponent != min(0, step.adjusted()):
        return False
    slack = Decimal(TOLERANCE * max(abs(value), scale))
    with localcontext(_WIDE):
        return text % step == 0 and abs(text - Decimal(value)) <= width / 2 + slack


def _sum(parts: Sequence[StagePart]) -> Decimal:
    with localcontext(_WIDE):
        return sum((Decimal(p.published) for p in parts), Decimal(0))


def differing_findings(stored: Sequence[Mapping[str, Any]], again: Sequence[Mapping[str, Any]]) -> list[str]:
    """Addresses of the checks whose verdict came out otherwise."""
    keys = ("pack", "clause", "verdict", "severity", "review")

    def key(f: Mapping[str, Any]) -> tuple[Any, ...]:
        return (*(f[k] for k in keys), tuple(names_only(f["missing"])), tuple(f["rows"]))

    one, other = {key(f) for f in stored}, {key(f) for f in again}
    return sorted({str(k[1]) for k in one ^ other})


def differing_results(stored: Sequence[Mapping[str, Any]], again: Sequence[Mapping[str, Any]]) -> list[str]:
    """Published quantities whose stored values lie further than 1e-9 from those computed again."""
    fresh = {(r["pack"], r["name"]): r for r in again}
    found = []
    for result in stored:
        other = fresh.get((result["pack"], result["name"]))
        if other is None or not _near_result(result, other):
            found.append(f"{result['pack']} {result['name']}")
    return found


def _near_result(stored: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    scale = max((abs(x) for x in _numbers({k: v for k, v in again.items() if k not in _SHARES})), default=0.0)
    for key in stored.keys() & again.keys():
        if key == "contributions":
            fresh = {c["provider"]: c for c in again[key]}
            good = all(_near(c, fresh[c["provider"]], scale) for c in stored[key] if c["provider"] in fresh)
        elif key == "published":  # the signed figures hold it
            continue
        elif key == "missing":
            good = names_only(stored[key]) == names_only(again[key])
        else:
            good = _near(stored[key], again[key], 1.0 if key in _SHARES else scale)
        if not good:
            return False
    return True


def _near(one: Any, other: Any, scale: float) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            _near(one[k], other[k], 1.0 if k in _SHARES else scale) for k in one
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_near(a, b, scale) for a, b in zip(one, other, strict=True))
    if one == other:
        return True
    a, b = _number(one), _number(other)
    return a is not None and b is not None and abs(a - b) <= TOLERANCE * max(abs(a), abs(b), scale)


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            found = float(value)
        except ValueError:
            return None
        return found if math.isfinite(found) else None
    return None


def _numbers(data: Any) -> Iterator[float]:
    if isinstance(data, dict):
        for value in data.values():
            yield from _numbers(value)
    elif isinstance(data, list):
        for value in data:
            yield from _numbers(value)
    elif (found := _number(data)) is not None:
        yield found


def differing_values(stored: Ledger, again: Ledger) -> list[str]:
    """Names of ledger entries whose stored value lies further than 1e-9 from the one computed again.

    A difference of nearly equal numbers is compared on the scale of what it was made from.
    """
    found = []
    for key, value in stored.values.items():
        if key not in again.values:
            continue
        inputs = [again.values[i] for _, i in again.entries[key].inputs if i in again.values]
        scale = max((abs(x) for x in _numbers(inputs)), default=0.0)
        if not _near(value, texts(again.values[key]), max(scale, 1e-3)):
            found.append(stored.entries[key].name)
    return found


__all__ = [
    "PRODUCT_KEYS",
    "TOLERANCE",
    "Evaluated",
    "Measured",
    "conformity",
    "differing_figures",
    "differing_findings",
    "differing_results",
    "differing_values",
    "measured",
    "names_only",
    "number_text",
    "results_data",
    "texts",
    "words",
]
