"""What is wrong with a form, all at once, with sheet, row and column."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from ...core.errors import Place, Problem
from ...core.numbers import number
from ...core.units import UnitError, unit
from .cells import cells_of, number_of
from .form import INDICATORS, PACK_KEYS, Form

WIDE_RANGE = ("0", "12")


def check_form(form: Form) -> list[Problem]:
    """What lint of an index system knows: weights, order of levels over the range of parameters, percentages over 100,
    outliers, page references, baselines of limiting indicators, units, two persons."""
    problems: list[Problem] = []
    for key in form.pack:
        if key not in PACK_KEYS:
            problems.append(Problem("author-key", Place(f"{form.name}[pack]", path=key), {"key": key}))
    for key in ("id", "edition", "title_zh", "title_en", "document"):
        if not form.pack.get(key):
            problems.append(Problem("author-needs", Place(f"{form.name}[pack]", path=key), {"key": key}))
    if not form.indicators:
        problems.append(Problem("author-form", Place(form.name), {"sheet": "indicators"}))
    problems += _people(form)
    known = {*INDICATORS, *form.levels, *(f"{k}_en" for k in form.levels)}
    for column in dict.fromkeys(c for r in form.indicators for c in r if c not in known):
        problems.append(Problem("author-key", form.place("indicators", 0, column), {"key": column}))
    seen: set[str] = set()
    for n, row in enumerate(form.indicators):
        if row["id"] in seen or not re.fullmatch(r"[a-z][a-z0-9-]*", row["id"]):
            problems.append(Problem("author-id", form.place("indicators", n, "id"), {"id": row["id"]}))
        seen.add(row["id"])
        problems += _row(form, n, row)
    if form.style == "membership":
        problems += _weights(form)
    elif form.style == "profile" and (form.pack.get("style") or "membership") == "membership":
        count = sum(1 for r in form.indicators if not r.get("weight"))
        problems.append(
            Problem(
                "author-partial",
                Place(f"{form.name}[indicators]", path="weight"),
                {"count": str(count)},
                level="warning",
            )
        )
    problems += _outliers(form)
    return problems


def _people(form: Form) -> Iterator[Problem]:
    one, two = form.pack.get("entered_by", ""), form.pack.get("checked_by", "")
    review = form.pack.get("review", "transcribed")
    if review == "constructed":
        return
    if not two or one == two:
        yield Problem(
            "author-two-persons",
            Place(f"{form.name}[pack]", path="checked_by"),
            {"by": one or "?"},
            level="error"
            if review == "verified" or any(r.get("review") == "verified" for r in form.indicators)
            else "warning",
        )


def _row(form: Form, n: int, row: Mapping[str, str]) -> Iterator[Problem]:
    def problem(code: str, column: str, soft: bool = False, **args: str) -> Problem:
        return Problem(
            code,
            form.place("indicators", n, column),
            args,
            level="warning" if soft else "error",
        )

    for column in ("indicator", "indicator_en", "category"):
        if not row.get(column):
            yield problem("author-needs", column, key=column)
    try:
        unit(row.get("unit", ""))
    except UnitError:
        yield problem("author-unit", "unit", id=row["id"], unit=row.get("unit", ""))
    review = row.get("review") or form.pack.get("review", "transcribed")
    if not row.get("page") and review != "constructed":
        yield problem("author-page", "page", id=row["id"], soft=review != "verified")
    if form.style == "ratio":
        return
    cells, options = cells_of(row, list(form.levels))
    if row.get("limiting") == "yes" and any(not c for c in cells.values()):
        yield problem("author-limiting", "limiting", id=row["id"], soft=True)
    if not any(cells.values()):
        yield problem("author-empty", "I", id=row["id"], soft=True)
    if options:
        return
    excused = bool(row.get("reason"))
    for left, right, at in _disorder(form, cells):
        if not excused:
            yield problem("author-order", left, id=row["id"], soft=True, better=left, worse=right, at=at)
    if row.get("unit") == "%":
        over = next(
            (k for k, c in cells.items() if any(v is not None and v > 100 for _, v in _over(form, c))), None
        )
        if over is not None:
            yield problem("author-percent", over, id=row["id"], soft=excused, level=over, text=cells[over])


def _disorder(form: Form, cells: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Pairs of levels of which the better is easier to meet somewhere in the range of the parameter."""
    named = [k for k in form.levels if cells[k]]
    for left, right in itertools.pairwise(named):
        sign = cells[left][:2].strip("= ") or "="
        for (at, a), (_, b) in zip(_over(form, cells[left]), _over(form, cells[right]), strict=False):
            if a is not None and b is not None and ((sign == "<" and a > b) or (sign == ">" and a < b)):
                yield left, right, at
                break


def _over(form: Form, cell: str) -> list[tuple[str, Fraction | None]]:
    """The number of a baseline over the declared range of its one parameter (`n=3`), None where it has none."""
    match = re.fullmatch(r"(<=|>=|<|>)\s*(.+)", cell)
    if not match:
        return [("", None)]
    text = match[2]
    names = set(re.findall(r"[A-Za-z_]\w*", text))
    if not names:
        return [("", number_of(text))]
    if len(names) > 1:
        return [("", None)]
    name = names.pop()
    spec: Mapping[str, str] = next((d for d in form.data if d["id"].replace("-", "_") == name), {})
    low, high = int(float(spec.get("low") or WIDE_RANGE[0])), int(float(spec.get("high") or WIDE_RANGE[1]))
    return [
        (f"{name}={v}", number_of(re.sub(rf"\b{name}\b", f"({v})", text)))
        for v in range(low, min(high, low + 50) + 1)
    ]


def _weights(form: Form) -> Iterator[Problem]:
    first: dict[str, Fraction] = {}
    sums: dict[str, Fraction] = {}
    counted: set[tuple[str, str, str]] = set()
    for n, row in enumerate(form.indicators):
        category = row["category"]
        try:
            if row.get("category_weight"):
                first[category] = number(row["category_weight"])
            shared = re.match(r"share\(\s*([\d./]+)", row["weight"])
            weight = number(shared[1]) if shared else number(row["weight"])
        except ValueError:
            yield Problem(
                "number-expected", form.place("indicators", n, "weight"), {"text": row.get("weight", "")}
            )
            continue
        if shared:
            key = (category, row.get("group", ""), row["weight"])
            weight = Fraction(0) if key in counted else weight
            counted.add(key)
        sums[category] = sums.get(category, Fraction(0)) + weight
    extra = (form.pack.get("bonus") or "").split()
    total = sum(w for c, w in first.items() if c not in extra)
    if total != 1:
        yield Problem(
            "author-weights",
            Place(f"{form.name}[indicators]", path="category_weight"),
            {"what": ", ".join(first), "total": str(float(total)), "whole": "1"},
        )
    for category, found in sums.items():
        whole = (
            first.get(category, Fraction(0)) if form.pack.get("weight_mode") == "absolute" else Fraction(1)
        )
        if found != whole:
            yield Problem(
                "author-weights",
                Place(f"{form.name}[indicators]", path="weight"),
                {"what": category, "total": str(float(found)), "whole": str(float(whole))},
            )


def _outliers(form: Form) -> Iterator[Problem]:
    """A baseline more than eight times its neighbours' (same group and unit, three rows or more) is asked about."""
    groups: dict[tuple[str, str, str], list[tuple[int, Fraction]]] = {}
    for n, row in enumerate(form.indicators):
        if form.style == "ratio" or not row.get("group"):
            continue
        cells, options = cells_of(row, list(form.levels))
        for level, cell in cells.items():
            found = _over(form, cell)[0][1] if cell and not options else None
            if found is not None and found > 0:
                groups.setdefault(
                    (row["category"], row.get("unit", ""), f"{level}|{row.get('group', '')}"), []
                ).append((n, found))
    for (_, _, level), members in groups.items():
        if len(members) < 3:
            continue
        middle = sorted(v for _, v in members)[len(members) // 2]
        for n, value in members:
            row = form.indicators[n]
            if (value > 8 * middle or value < middle / 8) and not row.get("reason"):
                yield Problem(
                    "author-outlier",
                    form.place("indicators", n, level.partition("|")[0]),
                    {"id": row["id"], "value": str(float(value)), "middle": str(float(middle))},
                    level="warning",
                )
