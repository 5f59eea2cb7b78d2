"""A headline under uncertain facts and background: amounts are drawn, the decisions of the static evaluation stay.

Drawn is what the study declares uncertain and what the rows of its libraries declare. Bounds of the background, which
are judged or published intervals, are given apart and never become a probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..core.digest import digest
from ..core.errors import Place, TanbiaoError, raise_errors, refuse
from ..core.numbers import decimal_text
from ..core.text import Text
from ..core.value import Array
from ..library import Sampled
from ..numerics import lca
from ..numerics.lca.cluster import Run, here
from ..study import Study
from ..study.distribution import DISTRIBUTIONS
from .drawn import LANES, Packed, PackValues, drawn_background, drawn_facts, evaluated, packed
from .facts import Facts
from .ledger import Entry
from .results import Result
from .run import Evaluation
from .uncertain import Source, StudyDraws, sources_of, study_draws, unread

COVERAGE = 0.95
CHECKED = 24
"""Draws decided afresh, to see how many would have been decided otherwise."""
FAITHFUL = 8
"""Of these, draws whose fast value is compared with a full evaluation under the frozen decisions."""
TOLERANCE = 1e-8


@dataclass(frozen=True)
class Behind:
    """What of the background is drawn.

    drawn of amounts: how many of the amounts upstream of what the study takes; items: those whose value varies;
    study_share, share: of the variance, with the other at its means (None where nothing of the background is drawn);
    the rest is of both at once, and the error of sampling.
    """

    drawn: int = 0
    amounts: int = 0
    items: tuple[str, ...] = ()
    study_share: float | None = None
    share: float | None = None

    def reasons(self, bounds: tuple[float, float]) -> list[Text]:
        low, high = (f"{b:.4g}" for b in bounds)
        zh = f"背景的上下界 {low} … {high} 为判断或公布区间同时取端值，没有概率，不是置信区间，也不与上述区间合并。"
        en = (
            f"Bounds of the background, {low} … {high}, put every judged or published interval at its end at once: "
            "they have no probability, are no confidence interval, and do not enter the interval."
        )
        if not self.drawn:
            return [
                Text(
                    "区间只含研究自身数量的不确定性：所用背景数据没有声明分布，固定在中心值。" + zh,
                    "The interval holds the study's own amounts only: the background data used declare no "
                    "distribution and stand at their central values. " + en,
                )
            ]
        found = [
            Text(
                f"背景也参与抽样：上游 {self.amounts} 个数量中有 {self.drawn} 个在背景库中声明了分布，"
                "其余固定在中心值；同一次抽样的背景供所有行共用。" + zh,
                f"The background is drawn too: {self.drawn} of the {self.amounts} amounts upstream declare a "
                "distribution in their library, the others stand at their central values; one draw of the background "
                "serves all lines. " + en,
            )
        ]
        if self.study_share is not None and self.share is not None:
            rest = 1.0 - self.study_share - self.share
            found.append(
                Text(
                    f"方差份额：研究自身数量 {self.study_share:.1%}，背景 {self.share:.1%}，"
                    f"其余 {rest:.1%}（两者相乘与抽样误差）。",
                    f"Shares of the variance: the study's own amounts {self.study_share:.1%}, the background "
                    f"{self.share:.1%}, the rest {rest:.1%} (of both at once, and the error of sampling).",
                )
            )
        return found

    def data(self) -> dict[str, Any]:
        return {
            "drawn": self.drawn,
            "amounts": self.amounts,
            "items": list(self.items),
            "variance_shares": None
            if self.share is None or self.study_share is None
            else {
                "study": self.study_share,
                "background": self.share,
                "rest": 1.0 - self.study_share - self.share,
            },
        }


@dataclass(frozen=True, eq=False)
class Ensembled:
    """The headline of one pack, static and over the draws, in its published unit.

    at_means: the result with every drawn amount at its mean; low, high: the central interval of what is drawn; bounds:
    of the background, no probability; otherwise: of `checked` draws, how many would have been decided otherwise; exact:
    whether every draw was a full evaluation; shares: for each source the share of variance that a straight line
    through it explains.
    """

    pack: str
    name: str
    title: Text
    unit: str
    static: float
    at_means: float
    mean: float
    error: float
    deviation: float
    median: float
    low: float
    high: float
    samples: int
    seed: int
    unsolved: tuple[tuple[int, str], ...]
    checked: int
    otherwise: int
    exact: bool
    bounds: tuple[float, float]
    judged: float
    background: Behind
    sources: tuple[Source, ...]
    shares: tuple[float, ...]
    values: Array
    entry: str
    unread: tuple[str, ...] = ()
    """Parameters with a distribution that neither this pack nor any formula reads."""

    @property
    def of(self) -> str:
        """What the interval holds."""
        if not self.background.drawn:
            return "foreground"
        return "foreground and background" if self.sources else "background"

    def reasons(self) -> list[Text]:
        """Why static value, mean and median differ, and what the interval leaves out."""
        u, g = self.unit, "{:.4g}".format
        skew, rest = self.at_means - self.static, self.mean - self.at_means
        found = [
            Text(
                f"静态值按申报数量计算。把每个数量换成其分布的均值，结果变化 {skew:+.3g} {u}："
                "偏态分布的均值不等于申报值。",
                "The static value uses the declared amounts. With every amount at the mean of its distribution the "
                f"result moves by {skew:+.3g} {u}: the mean of a skewed distribution is not the declared amount.",
            ),
            Text(
                f"抽样均值与之再差 {rest:+.3g}（标准误 {self.error:.2g}）：不确定量的乘积与循环，加抽样误差。",
                f"The mean of the draws differs from that by another {rest:+.3g} (standard error {self.error:.2g}): "
                "products and loops of uncertain amounts, and the error of sampling.",
            ),
            Text(
                f"中位数 {g(self.median)}：一半抽样在其下；右偏时低于均值。",
                f"Median {g(self.median)}: half of the draws lie below; it is below the mean where the draws lean "
                "right.",
            ),
            *self.background.reasons(self.bounds),
            Text(
                f"决策冻结在静态取值；检查的 {self.checked} 个抽样中有 {self.otherwise} 个会作出不同决策。",
                f"Decisions are frozen at the static values; of {self.checked} draws checked, {self.otherwise} would "
                "have been decided otherwise.",
            ),
        ]
        if self.unread:
            names = ", ".join(self.unread)
            found.append(
                Text(
                    f"本标准包与公式都不读取，未抽样：{names}",
                    f"Read by no rule and no formula, not drawn: {names}",
                )
            )
        if self.unsolved:
            found.append(
                Text(
                    f"{len(self.unsolved)} 个抽样没有结果，已列出，不计入统计。",
                    f"{len(self.unsolved)} draws have no result; they are listed and left out.",
                )
            )
        return found

    def data(self) -> dict[str, Any]:
        return {
            "pack": self.pack,
            "name": self.name,
            "title": self.title.data(),
            "unit": self.unit,
            "static": self.static,
            "at_means": self.at_means,
            "mean": self.mean,
            "standard_error": self.error,
            "deviation": self.deviation,
            "median": self.median,
            "interval": {"low": self.low, "high": self.high, "coverage": COVERAGE, "of": self.of},
            "samples": self.samples,
            "seed": self.seed,
            "sampler": lca.SAMPLER,
            "unsolved": [{"sample": k, "why": w} for k, w in self.unsolved],
            "decisions": {"frozen": True, "checked": self.checked, "otherwise": self.otherwise},
            "exact": self.exact,
            "background": {
                "sampled": self.background.drawn > 0,
                **self.background.data(),
                "bounds": {"low": self.bounds[0], "high": self.bounds[1]},
                "judged_share": self.judged,
                "probability": None,
            },
            "sources": [
                {**s.data(), "variance_share": v} for s, v in zip(self.sources, self.shares, strict=True)
            ],
            "unread": list(self.unread),
            "reasons": [t.data() for t in self.reasons()],
            "entry": self.entry,
        }


def ensemble(study: Study, result: Result, samples: int, seed: int, run: Run = here) -> Ensembled:
    """The headline of a result over `samples` draws; the ledger gets one entry with root, seed, n and sampler.

    Raises `TanbiaoError` where the headline has no value, where nothing is uncertain, or where a distribution is none.
    """
    static, published = result.evaluation, result.headline
    if published is None or not isinstance(published.value, float):
        raise refuse(
            "uncertainty-no-value",
            Place("study.yaml"),
            pack=result.rulebook.pack.version,
            missing=", ".join(published.missing[:4]) if published is not None else "—",
        )
    if samples < 2:
        raise refuse("uncertainty-samples", samples=samples)
    sources, problems = sources_of(study, static.facts, static.rulebook)
    raise_errors(problems)
    behind = _behind(static, seed)
    if not sources and behind is None:
        raise refuse("uncertainty-none", Place("study.yaml"), distributions=", ".join(DISTRIBUTIONS))
    clause = static.rulebook.by_address(published.clause)
    assert clause is not None
    draws = study_draws(sources, seed)
    one = _OneByOne(study, static, clause.name, sources, draws, behind)
    fast = packed(static, published, sources, draws, behind)
    if fast is not None and not _faithful(fast, one, min(FAITHFUL, samples)):
        fast = None
    packs = range(-(-samples // LANES))
    found = run(fast, packs) if fast is not None else [one(p, samples) for p in packs]
    values, own, others = (
        np.concatenate([getattr(f, n) for f in found])[:samples] for n in ("both", "study", "background")
    )
    lost = np.concatenate([f.lost for f in found])[:samples] | ~np.isfinite(values)
    why = {k: w for f in found for k, w in f.unsolved}
    amounts = np.concatenate([draws.pack(p) for p in packs], axis=1)[:, :samples]
    unsolved = tuple(
        (k, why[k] if k in why or fast is None else fast.why(amounts[:, k]))
        for k in np.flatnonzero(lost).tolist()
    )
    values = np.where(lost, np.nan, values)
    good = values[~lost]
    if good.size < 2:
        raise refuse("uncertainty-unsolved", unsolved=len(unsolved), samples=samples, why=unsolved[0][1])
    tail = (1.0 - COVERAGE) / 2.0
    low, median, high = (float(q) for q in np.quantile(good, [tail, 0.5, 1.0 - tail]))
    deviation = float(good.std(ddof=1))
    checked = min(CHECKED, samples)
    otherwise = sum(one.decided_otherwise(k) for k in range(checked))
    inputs = ((published.name, published.entry),) if published.entry else ()
    entry = static.ledger.add(
        Entry(
            "ensemble",
            f"uncertainty {published.name}",
            clause.address,
            inputs=inputs,
            unit=published.unit,
            data=digest([s.data() for s in sorted(sources, key=lambda s: s.name)]),
            axes=(
                *((("background", digest(list(behind.items))),) if behind is not None else ()),
                ("n", str(samples)),
                ("root", static.ledger.root),
                ("sampler", lca.SAMPLER),
                ("seed", str(seed)),
            ),
        ),
        {
            "static": decimal_text(published.value),
            "mean": decimal_text(float(good.mean())),
            "median": decimal_text(median),
            "low": decimal_text(low),
            "high": decimal_text(high),
            "unsolved": len(unsolved),
        },
    )
    return Ensembled(
        result.rulebook.pack.version,
        published.name,
        published.title,
        published.unit,
        published.value,
        one.value(draws.means, None if behind is None else behind.means)[0],
        float(good.mean()),
        deviation / float(np.sqrt(good.size)),
        deviation,
        median,
        low,
        high,
        samples,
        seed,
        unsolved,
        checked,
        otherwise,
        fast is None,
        (
            published.value if published.low is None else published.low,
            published.value if published.high is None else published.high,
        ),
        published.judged,
        _said(behind, good, own[~lost], others[~lost]),
        tuple(sources),
        _explained(amounts[:, ~lost], good),
        values,
        entry,
        unread(study, sources),
    )


def _behind(static: Evaluation, seed: int) -> Sampled | None:
    """What of the background that the lines take is drawn."""
    if static.solved is None or static.background.draws is None:
        return None
    used = sorted(set(static.solved.lines.provider) & static.background.providers.keys())
    return static.background.draws(used, seed)


def _said(behind: Sampled | None, both: Array, study: Array, background: Array) -> Behind:
    """The background drawn, with the shares of the variance that each explains with the other at its means."""
    if behind is None:
        return Behind()
    whole = float(both.var())
    own, other = (float(v.var()) / whole if whole else np.nan for v in (study, background))
    known = bool(np.isfinite([own, other]).all())
    return Behind(
        behind.drawn, behind.amounts, behind.items, own if known else None, other if known else None
    )


@dataclass(frozen=True, eq=False)
class _OneByOne:
    """Draws evaluated in full, one at a time."""

    study: Study
    static: Evaluation
    name: str
    sources: Sequence[Source]
    draws: StudyDraws
    behind: Sampled | None

    def __call__(self, pack: int, samples: int) -> PackValues:
        """A pack, up to `samples`; the rest of its lanes have no value."""
        amounts, vectors, lost = self.draws.pack(pack), *self.vectors(pack)
        means = self.draws.means
        values = np.full((3, LANES), np.nan)
        why = list(lost.items())
        for lane in range(min(LANES, samples - pack * LANES)):
            if lane + pack * LANES in lost:
                continue
            own, behind = amounts[:, lane], None if vectors is None else vectors[:, :, lane]
            values[0, lane], reason = self.value(own, behind)
            if reason:
                why.append((lane + pack * LANES, reason))
            elif self.behind is not None:
                values[1, lane] = self.value(own, self.behind.means)[0]
                values[2, lane] = self.value(means, behind)[0]
        return PackValues(values[0], values[1], values[2], ~np.isfinite(values[0]), tuple(why))

    def vectors(self, pack: int) -> tuple[Array | None, dict[int, str]]:
        if self.behind is None:
            return None, {}
        vectors, lost = self.behind.vectors(pack)
        return vectors, dict(lost)

    def facts(self, amounts: Array) -> Facts:
        return drawn_facts(self.study, self.static.rulebook, self.static.facts, self.sources, amounts)

    @cached_property
    def options(self) -> dict[str, tuple[str, ...]]:
        return {k: d.option for k, d in self.static.decisions.items()}

    def value(self, amounts: Array, vectors: Array | None) -> tuple[float, str]:
        """The value under the frozen decisions, or nan and why there is none."""
        background = self.static.background
        if vectors is not None:
            background = drawn_background(background, self.behind, vectors)
        try:
            value, _ = evaluated(self.static, self.facts(amounts), self.name, True, background)
        except TanbiaoError as error:
            return float("nan"), error.problems[0].text("en")
        return value, "" if np.isfinite(value) else "a datum is missing"

    def decided_otherwise(self, sample: int) -> bool:
        amounts = self.draws.pack(sample // LANES)[:, sample % LANES]
        try:
            _, taken = evaluated(self.static, self.facts(amounts), self.name, False)
        except TanbiaoError:
            return True
        return any(d.option != self.options.get(k) for k, d in taken.items())


def _faithful(fast: Packed, one: _OneByOne, count: int) -> bool:
    """Whether the sum over lines tells what full evaluations tell, on the first draws."""
    quick, full = fast(0), one(0, count)
    for k in range(count):
        value, whole = quick.both[k], full.both[k]
        if quick.lost[k] or not np.isfinite(whole):
            if not (quick.lost[k] and not np.isfinite(whole)):
                return False
        elif abs(value - whole) > TOLERANCE * max(abs(whole), abs(value)):
            return False
    return True


def _explained(amounts: Array, values: Array) -> tuple[float, ...]:
    """Squared correlation of every source with the result."""
    a = amounts - amounts.mean(axis=1, keepdims=True)
    v = values - values.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (a @ v) / np.sqrt((a**2).sum(axis=1) * (v**2).sum())
    return tuple(float(x) for x in np.nan_to_num(r) ** 2)
