"""Comparisons as people read them: one table of results, one of choices, and for each pair a waterfall and its clauses.

page = comparison_page("LFP pack", found.sides, found.pairs, "zh")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from html import escape

from ..core.errors import Lang
from ..core.text import Text
from ..evaluate.axes import AXES, axes_of, title_of
from ..evaluate.comparison import Comparison, Part, Side
from ..evaluate.mixture import CO2E_UNIT
from ..evaluate.published import Beside
from ..evaluate.years import METHOD, TITLES, Explained
from . import figures, palette
from .figures import Chart, Step
from .numbers import minus, percent, unit_text
from .texts import word

ZERO_PARTS = Text("没有影响的选择", "choices that change nothing here")


def apportioned(values: Sequence[Fraction], whole: Fraction, place: int) -> list[Decimal]:
    """Values rounded to a power of ten so that they sum to the rounded whole: what is left over goes to the largest
    remainders."""
    step = Fraction(10) ** place
    units = [v / step for v in values]
    floors = [u.numerator // u.denominator for u in units]
    left = round(whole / step) - sum(floors)
    order = sorted(range(len(values)), key=lambda i: (floors[i] - units[i], i))
    for i in order[: max(0, left)]:
        floors[i] += 1
    return [Decimal(f).scaleb(place) for f in floors]


def place_of(*values: float) -> int:
    """The power of ten of the fourth significant digit of the largest value."""
    largest = max((abs(v) for v in values), default=0.0)
    return Decimal(repr(largest)).adjusted() - 3 if largest else 0


@dataclass(frozen=True)
class Shown:
    """A part as it is printed."""

    part: Part
    text: str


def shown(found: Comparison) -> tuple[str, list[Shown], str]:
    """Left, parts and right as printed: to one decimal place, the printed parts sum to the printed difference."""
    if found.compared is None:
        return _missing(found.left_value), [Shown(p, "—") for p in found.parts], _missing(found.right_value)
    start, end = (Fraction(v) for v in found.compared)
    place = place_of(*found.compared)
    exact = [p.exact for p in found.parts if p.exact is not None]
    first = Decimal(round(start / Fraction(10) ** place)).scaleb(place)
    last = Decimal(round(end / Fraction(10) ** place)).scaleb(place)
    rounded = iter(apportioned(exact, Fraction(last) - Fraction(first), place))
    parts = [Shown(p, "—" if p.exact is None else signed(next(rounded))) for p in found.parts]
    return plain(first), parts, plain(last)


def signed(value: Decimal) -> str:
    return minus(f"{value:+f}") if value else "0"


def plain(value: Decimal) -> str:
    return minus(f"{value:f}")


def _missing(value: float | None) -> str:
    return "—" if value is None else minus(f"{value:.4g}")


def difference_waterfall(
    found: Comparison, lang: Lang, constructed: bool = False, product: str = ""
) -> Chart | None:
    """From the left total to the right one, choice by choice, under the packs' own titles; None where nothing can be
    computed. product: what is compared, for a figure that stands alone."""
    if found.compared is None:
        return None
    first, parts, last = shown(found)
    left, right = found.titles
    if left == right:  # two editions of one title
        left, right = (Text(n, n) for n in (_short(found.left), _short(found.right)))
    steps = [Step(left, found.compared[0], "total", first)]
    steps += [Step(s.part.title, float(s.part.exact), "change", s.text) for s in parts if s.part.exact]
    still = [s for s in parts if s.part.exact == 0]
    if still:
        steps.append(Step(ZERO_PARTS, 0.0, "change", "0"))
    steps += [
        Step(Text(f"{s.part.title.zh}：不可评", f"{s.part.title.en}: not evaluable"), 0.0, "change", "—")
        for s in parts
        if s.part.exact is None
    ]
    end = right
    said = change_text(first, last, found.compared[0])
    if found.aside:
        part = WORDS["computable"]
        end = Text(f"{right.zh}（{part.zh}）", f"{part.en}: {right.en}")
        said = f"{part[lang]}{'' if lang == 'zh' else ', '}{said}"
    steps.append(Step(end, found.compared[1], "total", last))
    title = Text(f"同一组事实，两份规则：{said}", f"one set of facts, two rulebooks: {said}")
    return figures.waterfall(steps, found.unit, lang, marked(title, constructed), product)


def change_text(first: str, last: str, base: float) -> str:
    """The change between two printed numbers and its share of the first: `−592 (−7.8 %)`."""
    change = Decimal(last.replace("−", "-")) - Decimal(first.replace("−", "-"))
    if not change or not base:
        return signed(change)
    share = float(change) / abs(base)
    return f"{signed(change)} ({'+' if share > 0 else ''}{percent(share)})"


def _short(version: str) -> str:
    return version.partition("+")[0]


WORDS = {
    "title": Text("同一组事实，多份规则", "one set of facts, many rulebooks"),
    "results": Text("结果", "Results"),
    "choices": Text("选择", "Choices"),
    "pack": Text("标准包", "pack"),
    "published": Text("公布值", "published"),
    "total": Text("每参照流总量", "total for the reference flow"),
    "quantity": Text("所比的量", "quantity compared"),
    "choice": Text("选择", "choice"),
    "effect": Text("影响", "effect"),
    "conformity": Text("符合性", "conformity"),
    "no_difference": Text("没有可分解的差额", "no difference to take apart"),
    "clauses": Text("条款", "clauses"),
    "same": Text("两边相同", "the same on both sides"),
    "illegal": Text("不能成立的组合（列出，不计算）", "mixtures that cannot stand (listed, not computed)"),
    "unit": Text("单位", "unit"),
    "missing": Text("缺", "lacks"),
    "none": Text("事实本身", "the facts as they stand"),
    "ranked": Text("不可排名", "not to be ranked"),
    "comparable": Text("可以比较", "may be compared"),
    "difference": Text("差", "difference"),
    "merged": Text("一起变动的选择", "choices that move together"),
    "not_evaluable": Text("不可评", "not evaluable"),
    "computable": Text("可计算的部分", "as far as it can be computed"),
    "exact": Text(
        "各部分之和恰等于差，与次序无关（沙普利值，有理数运算）",
        "the parts sum to the difference exactly and do not depend on an order (Shapley values, in rationals)",
    ),
    "constructed": Text("构造示例", "constructed example"),
    "verdict": Text("判定", "verdict"),
    "no_verdict": Text("该包不作判定", "the pack gives none"),
}


VERDICTS = {"screening": Text("筛查", "screening"), "full": Text("完整", "full")}


def marked(title: Text, constructed: bool) -> Text:
    """A figure's title; a constructed example says so."""
    if not constructed:
        return title
    word = WORDS["constructed"]
    return Text(f"{title.zh} · {word.zh}", f"{title.en} · {word.en}")


def _constructed(constructed: bool, lang: Lang) -> str:
    return f"<p class=lead><b>{word_('constructed', lang)}</b></p>" if constructed else ""


def word_(key: str, lang: Lang) -> str:
    return WORDS[key][lang]


def comparison_page(
    title: str, sides: Sequence[Side], pairs: Sequence[Comparison], lang: Lang, constructed: bool = False
) -> str:
    """A page that stands alone: results, choices and every pair."""
    body = [
        f"<h1>{escape(title)}</h1><p class=lead>{escape(marked(WORDS['title'], constructed)[lang])}</p>",
        f"<h2>{word_('results', lang)}</h2>",
        _results(sides, lang),
        f"<h2>{word_('choices', lang)}</h2>",
        _choices(sides, lang),
    ]
    body += [_pair(p, n, lang, constructed) for n, p in enumerate(pairs)]
    return _page(title, "".join(body), lang)


def _page(title: str, body: str, lang: Lang) -> str:
    style = f"""
body {{ font: 15px/1.55 'Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC',system-ui,sans-serif;
  color: {palette.INK}; background: {palette.PAPER}; max-width: 1000px; margin: 32px auto; padding: 0 20px; }}
h1 {{ color: {palette.DEEP}; font-size: 26px; margin: 0; font-weight: 600 }}
h2 {{ color: {palette.DEEP}; font-size: 18px; margin: 36px 0 8px; font-weight: 600;
  border-bottom: 1px solid {palette.RULE}; padding-bottom: 4px }}
.lead {{ color: {palette.MUTED}; margin: 4px 0 0 }}
table {{ border-collapse: collapse; width: 100%; font-size: 13.5px }}
th {{ text-align: left; color: {palette.MUTED}; font-weight: 500; vertical-align: bottom;
  border-bottom: 1px solid {palette.RULE}; padding: 5px 10px 5px 0 }}
td {{ padding: 6px 10px 6px 0; border-bottom: 1px solid {palette.NAMES["hair"]}; vertical-align: top }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }}
.c {{ color: {palette.MUTED}; font-size: 12px; overflow-wrap: anywhere }} .bad {{ color: {palette.RUST} }}
.note {{ color: {palette.MUTED}; font-size: 13px; margin: 6px 0 }} section {{ break-inside: avoid }}
svg {{ max-width: 100%; height: auto }} .wide {{ overflow-x: auto }}"""
    return (
        f"<!doctype html><html lang={lang}><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{style}</style><body>{body}</body></html>\n"
    )


def _results(sides: Sequence[Side], lang: Lang) -> str:
    rows = []
    for side in sides:
        value = side.total.value
        lack = (
            ""
            if value is not None or side.total.unit is None
            else (
                f"<div class='c bad'>{word_('not_evaluable', lang)} · {word_('missing', lang)}: "
                f"{escape(', '.join(side.total.missing))}</div>"
            )
        )
        title = side.rulebook.pack.title[lang]
        rows.append(
            f"<tr><td><b>{escape(_short(side.name))}</b><div class=c>{escape(title)}</div>{lack}</td>"
            f"<td class=n>{escape(minus(side.published.published))} {escape(unit_text(side.published.unit))}</td>"
            f"<td class=n>{_total(value, side.total.unit or '')}</td>"
            f"<td>{escape(verdict_text(side, lang))}</td>"
            f"<td class=c>{escape(side.result.conformity()[lang])}</td></tr>"
        )
    total = "total" if any(s.total.unit == CO2E_UNIT for s in sides) else "quantity"
    return (
        f"<table><tr><th>{word_('pack', lang)}<th class=n>{word_('published', lang)}<th class=n>{word_(total, lang)}"
        f"<th>{word_('verdict', lang)}<th>{word_('conformity', lang)}</tr>{''.join(rows)}</table>"
    )


def verdict_text(side: Side, lang: Lang) -> str:
    """The pack's verdict on coverage; a pack without one says so."""
    if side.total.value is None and side.total.unit is not None:
        return word_("not_evaluable", lang)
    said = side.published.verdict
    return VERDICTS[said][lang] if said in VERDICTS else word_("no_verdict", lang)


def _total(value: float | None, unit: str) -> str:
    if value is None:
        return "—"
    place = place_of(value)
    return f"{plain(Decimal(round(Fraction(value) / Fraction(10) ** place)).scaleb(place))} {escape(unit_text(unit))}"


def _choices(sides: Sequence[Side], lang: Lang) -> str:
    axes = list(dict.fromkeys(a for s in sides for a in axes_of(sides[0].rulebook, s.rulebook)))
    head = "".join(f"<th>{escape(_short(s.name))}" for s in sides)
    rows = []
    for axis in axes:
        cells = []
        for side in sides:
            rules = side.rules(axis)
            settled = ("、" if lang == "zh" else ", ").join(
                word("option", o, lang) for o in side.options(axis)
            )
            texts = (
                "<br>".join(escape(c.text[lang]) for c in rules[:1])
                if rules
                else f"<span class=c>{word_('none', lang)}</span>"
            )
            clauses = " ".join(
                f"<div class=c>{escape(c.address.partition('#')[2])}"
                f"{' ' + escape(c.number) if c.number else ''} · {word('review', c.review, lang)}</div>"
                for c in rules[:2]
            )
            cells.append(f"<td>{f'<b>{escape(settled)}</b><br>' if settled else ''}{texts}{clauses}</td>")
        name = title_of(axis, *(s.rulebook for s in sides))[lang]
        rows.append(f"<tr><td><b>{escape(name)}</b></td>{''.join(cells)}</tr>")
    return f"<div class=wide><table><tr><th>{head}</tr>{''.join(rows)}</table></div>"


def _pair(found: Comparison, number: int, lang: Lang, constructed: bool) -> str:
    head = f"<h2>{escape(_short(found.left))} → {escape(_short(found.right))}</h2>"
    colon = "：" if lang == "zh" else ": "
    ranking = [f"{word_('ranked', lang)}{colon}{r[lang]}" for r in found.reasons] or [
        word_("comparable", lang)
    ]
    if not found.unit:
        return f"<section>{head}{_notes([word_('no_difference', lang), *ranking])}</section>"
    chart = difference_waterfall(found, lang, constructed)
    first, parts, last = shown(found)
    rows = [
        f"<tr><td><b>{escape(_short(found.left))}</b> <span class=c>{escape(minus(found.left_published))} "
        f"{escape(unit_text(found.left_unit))}</span></td><td class=n><b>{first}</b></td><td></td></tr>"
    ]
    for one in parts:
        part = one.part
        clauses = "".join(f"<div class=c>{escape(c)}</div>" for c in dict.fromkeys([*part.left, *part.right]))
        lack = ""
        if part.exact is None:
            lack = (
                f"<div class='c bad'>{word_('not_evaluable', lang)} · {word_('missing', lang)}: "
                f"{escape(', '.join(part.missing))}"
                + (f" ({escape(', '.join(part.rows))})" if part.rows else "")
                + "</div>"
            )
        rows.append(
            f"<tr><td>{escape(part.title[lang])}{lack}</td><td class=n>{one.text}</td><td>{clauses}</td></tr>"
        )
    note = f"<div class='c bad'>{word_('computable', lang)}</div>" if found.aside else ""
    rows.append(
        f"<tr><td><b>{escape(_short(found.right))}</b> <span class=c>{escape(minus(found.right_published))} "
        f"{escape(unit_text(found.right_unit))}</span>{note}</td><td class=n><b>{last}</b></td><td></td></tr>"
    )
    notes = [word_("exact", lang)]
    if found.same:
        notes.append(
            f"{word_('same', lang)}{colon}"
            + ("、" if lang == "zh" else ", ").join(AXES.get(a, Text(a, a))[lang] for a in found.same)
        )
    notes += [f"{word_('merged', lang)}{colon}{' + '.join(m)}" for m in found.merged]
    notes += [f"{word_('illegal', lang)}{colon}{' + '.join(i.axes)} — {i.reason}" for i in found.illegal]
    notes += ranking
    drawing = figures.svg(chart, f"p{number}") if chart is not None else ""
    return (
        f"<section>{head}{drawing}<table><tr><th style='width:44%'>{word_('choice', lang)}"
        f"<th class=n style='width:14%'>{word_('effect', lang)}{'，' if lang == 'zh' else ', '}{unit_text(found.unit)}"
        f"<th>{word_('clauses', lang)}</tr>{''.join(rows)}</table>{_notes(notes)}</section>"
    )


def _notes(notes: Sequence[str]) -> str:
    return "".join(f"<p class=note>{escape(n)}</p>" for n in notes)


# -- two years -------------------------------------------------------------------------------------------------------


def years_shown(found: Explained) -> tuple[str, list[str], str]:
    """Before, parts and after as printed; the printed parts sum to the printed change."""
    place = place_of(found.before, found.after)
    first, last = (
        Decimal(round(Fraction(v) / Fraction(10) ** place)).scaleb(place) for v in (found.before, found.after)
    )
    texts = apportioned([p.exact for p in found.parts], Fraction(last) - Fraction(first), place)
    return plain(first), [signed(t) for t in texts], plain(last)


def years_waterfall(found: Explained, lang: Lang, product: str = "") -> Chart:
    """From last year to this year: data by process, factors, method. product: for a figure that stands alone."""
    first, texts, last = years_shown(found)
    steps = [Step(found.names[0], found.before, "total", first)]
    steps += [Step(p.title, p.effect, "change", t) for p, t in zip(found.parts, texts, strict=True)]
    steps.append(Step(found.names[1], found.after, "total", last))
    said = change_text(first, last, found.before)
    title = Text(f"两期之间的变化：{said}", f"the change between two years: {said}")
    return figures.waterfall(steps, found.unit, lang, marked(title, found.constructed), product)


def _moved(change: float) -> Text:
    return Text("上升", "rose") if change > 0 else Text("下降", "fell")


MOST_SAID = 8
"""So many changes of one part are written out."""


def _said(said: Sequence[Text], lang: Lang) -> str:
    rows = "".join(f"<div>{escape(t[lang])}</div>" for t in said[:MOST_SAID])
    left = len(said) - MOST_SAID
    return (
        rows
        if left <= 0
        else rows + f"<div>{f'另有 {left} 处' if lang == 'zh' else f'and {left} more'}</div>"
    )


def tracking_text(found: Explained, lang: Lang) -> str:
    """Whether the years are one series (ISO 14067 6.4.7), and why not."""
    zh = lang == "zh"
    if found.same_method:
        return (
            "两期方法相同，可按 ISO 14067 6.4.7 作为同一序列跟踪。"
            if zh
            else "Both years follow one method and may be tracked as one series (ISO 14067 6.4.7)."
        )
    why = ("；" if zh else "; ").join(r[lang] for r in found.reasons)
    text = (
        f"两期不是同一序列（ISO 14067 6.4.7）：{why}。"
        if zh
        else f"The years are no one series (ISO 14067 6.4.7): {why}."
    )
    if any(p.group == METHOD for p in found.parts):
        text += (
            "方法的影响已单列，跟踪时须剔除。"
            if zh
            else " The part of the method is shown apart and must be left out when tracking."
        )
    return text


def years_page(title: str, found: Explained, lang: Lang) -> str:
    """A page that stands alone: one sentence, the waterfall, the three groups."""
    zh = lang == "zh"
    first, texts, last = years_shown(found)
    change = float(found.exact_difference)
    share = f"{abs(change) / abs(found.before):.1%}" if found.before else "—"
    groups = [(TITLES[g][lang], float(found.group(g))) for g in TITLES]
    lead = (
        f"{unit_text(found.unit)}：由 {first} {_moved(change)[lang]}到 {last}（{share}）。"
        if zh
        else f"It {_moved(change)[lang]} from {first} to {last} {unit_text(found.unit)} ({share}). "
    )
    lead += (
        ("其中" if zh else "Of this: ")
        + ("，" if zh else ", ").join(f"{n} {(minus(f'{v:+.3g}') if v else '0')}" for n, v in groups)
        + ("。" if zh else ".")
    )
    if any(p.group == METHOD for p in found.parts):
        like = float(found.exact_difference - found.group(METHOD))
        lead += (
            f"方法不变时{_moved(like)[lang]} {abs(like):.3g}。"
            if zh
            else f" Under one method it would have {'risen' if like > 0 else 'fallen'} by {abs(like):.3g}."
        )
    tracking = tracking_text(found, lang)
    rows = "".join(
        f"<tr><td>{escape(p.title[lang])}</td><td class=n>{t}</td><td class=c>{_said(p.said, lang)}</td></tr>"
        for p, t in zip(found.parts, texts, strict=True)
    )
    heads = (
        ("变化", f"影响，{unit_text(found.unit)}", "改了什么")
        if zh
        else ("change", f"effect, {unit_text(found.unit)}", "what changed")
    )
    body = (
        f"<h1>{escape(title)}</h1>{_constructed(found.constructed, lang)}<p>{escape(lead)}</p>"
        f"{figures.svg(years_waterfall(found, lang), 'y')}"
        f"<table><tr><th style='width:30%'>{heads[0]}<th class=n style='width:16%'>{heads[1]}<th>{heads[2]}</tr>"
        f"{rows}</table><p class=note>{escape(tracking)}</p>"
    )
    return _page(title, body, lang)


def beside_page(title: str, found: Beside, lang: Lang, constructed: bool = False) -> str:
    """A page that stands alone: a published result beside ours by stage, and what is not comparable."""
    zh = lang == "zh"
    heads = ("阶段", "公布的", "本研究", "差") if zh else ("stage", "published", "ours", "difference")
    rows = "".join(
        f"<tr><td>{escape(r.name[lang])}</td><td class=n>{_missing(r.theirs)}</td><td class=n>{_missing(r.ours)}</td>"
        f"<td class=n>{'—' if r.difference is None else minus(f'{r.difference:+.3g}')}</td></tr>"
        for r in found.rows
    )
    head = "不可比之处" if zh else "What is not comparable"
    notes = "".join(f"<li>{escape(r[lang])}</li>" for r in found.reasons)
    body = (
        f"<h1>{escape(title)}</h1>{_constructed(constructed, lang)}"
        f"<p class=lead>{escape(found.title)} · {escape(found.source)}"
        f" · {escape(_short(found.pack))} · "
        f"{escape(unit_text(found.unit))}</p><table><tr><th>{heads[0]}"
        + "".join(f"<th class=n>{h}" for h in heads[1:])
        + f"</tr>{rows}</table>"
        + (f"<h2>{head}</h2><ul>{notes}</ul>" if found.reasons else "")
    )
    return _page(title, body, lang)


__all__ = [
    "apportioned",
    "beside_page",
    "comparison_page",
    "difference_waterfall",
    "shown",
    "tracking_text",
    "years_page",
    "years_waterfall",
]
