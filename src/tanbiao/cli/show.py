"""Print results for people: tables from `present`, trees of explanations, differences."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text as RichText
from rich.tree import Tree

from ..core.errors import Lang
from ..evaluate.explain import Explained as ExplainedTree
from ..evaluate.years import Explained
from ..present import tables
from ..present.comparison import tracking_text, years_shown
from ..present.numbers import minus
from ..seal.verify import LEVELS, VERDICTS
from ..service.demo import Demo
from ..service.diff import Diff
from ..service.run import Run
from .console import console, headed
from .evaluation import show_improvements


def show_run(run: Run, lang: Lang, verbose: bool = False) -> None:
    """Results, stages, largest contributors, findings."""
    console.print(tables.run_tables(run.study, run.results, lang, verbose))
    show_improvements(run, lang)


def show_findings(run: Run, lang: Lang) -> None:
    for result in run.results:
        console.print(tables.finding_table(result, lang))


def show_demo(demo: Demo, lang: Lang) -> None:
    """Each study under its first pack in short, then where its files lie."""
    for example in demo.examples:
        first = example.run.results[0]
        console.rule(
            f"[bold]{example.run.study.id}[/bold]"
            + (
                " · " + ("构造示例" if lang == "zh" else "constructed example")
                if example.run.study.constructed
                else ""
            )
        )
        console.print(tables.result_table([first], lang))
        if first.headline is not None and first.headline.stages:
            console.print(tables.stage_table(first.headline, lang))
            console.print(tables.contribution_table(first.headline, lang, 3))
            console.print(tables.coverage_line(first.headline, lang))
        console.print(tables.finding_table(first, lang))
        for other in example.run.results[1:]:
            console.print(f"[dim]{other.rulebook.pack.version}: {other.conformity()[lang]}[/dim]")
    table = Table(box=None, pad_edge=False, show_header=False)
    for example in demo.examples:
        for path in example.files:
            table.add_row(example.run.study.id, str(path))
        verdict, level = VERDICTS[example.verified.verdict], LEVELS[example.verified.level]
        table.add_row(example.run.study.id, f"tanbiao verify → {verdict[lang]}: {level[lang]}")
    console.print(table)


def show_explained(tree: ExplainedTree, lang: Lang) -> None:
    """An explanation as a tree: number, clause and review mark, formula, source, place."""
    console.print(_branch(tree, lang))


def _branch(node: ExplainedTree, lang: Lang) -> Tree:
    tree = Tree(_line(node, lang))
    _grow(tree, node, lang)
    return tree


def _grow(tree: Tree, node: ExplainedTree, lang: Lang) -> None:
    for part in node.parts:
        _grow(tree.add(_line(part, lang)), part, lang)


_STATES = {
    "missing": {"zh": "缺失", "en": "missing"},
    "not applicable": {"zh": "不适用", "en": "not applicable"},
}


def _line(node: ExplainedTree, lang: Lang) -> RichText:
    text = RichText()
    text.append(node.title[lang], style="bold" if node.kind not in ("provider", "rest") else "")
    value = node.value
    for state, words in _STATES.items():
        value = value.replace(state, words[lang])
    if value:
        text.append(f"  {value} {node.unit}".rstrip(), style="green")
    if node.share is not None:
        text.append(f"  {node.share:.1%}", style="cyan")
    text.append(f"  {node.name}", style="dim")
    details = [
        d
        for d in (
            f"{node.clause}{' (' + node.number + ')' if node.number else ''}" if node.clause else "",
            node.review,
            node.formula,
            node.source,
            node.place,
        )
        if d
    ]
    if details:
        text.append("\n" + " · ".join(details), style="dim")
    return text


MOST_CHANGES = 60
"""So many changes are printed; data in JSON hold all of them."""


def show_diff(diff: Diff, lang: Lang) -> None:
    """What changed, what each change did alone, and how the published quantities moved."""
    zh = lang == "zh"
    if diff.same and not diff.changes:
        console.print("没有差别" if zh else "no difference")
        return
    table = headed(
        ("变化", "位置", "原为", "现为", "单独影响"),
        ("change", "where", "before", "after", "effect alone"),
        lang,
    )
    for change in diff.changes[:MOST_CHANGES]:
        effect = diff.effects.get(change.what)
        table.add_row(
            change.what,
            str(change.place),
            change.before,
            change.after,
            minus(f"{effect:+.4g}") if effect is not None else "",
        )
    console.print(table)
    left = len(diff.changes) - MOST_CHANGES
    if left > 0:
        console.print(
            f"[dim]另有 {left} 处改动，见 --json[/dim]"
            if zh
            else f"[dim]{left} more changes, see --json[/dim]"
        )
    if diff.explained is not None:
        show_years(diff.explained, lang)
    elif diff.unexplained is not None:
        console.print(
            ("变化未能分解：" if zh else "the change could not be taken apart: ") + diff.unexplained[lang]
        )
    moved = headed(
        ("标准包", "量", "单位", "原为", "现为", "差"),
        ("pack", "quantity", "unit", "before", "after", "difference"),
        lang,
    )
    still = [row for row in diff.moved if row.difference == 0.0]
    for row in diff.moved:
        if row in still or (row.before is None and row.after is None):
            continue
        moved.add_row(
            row.pack,
            row.name,
            row.unit,
            _number(row.before),
            _number(row.after),
            minus(f"{row.difference:+.4g}") if row.difference is not None else "",
        )
    console.print(moved)
    if still:
        console.print(
            f"[dim]{len(still)} 个量没有变化[/dim]"
            if zh
            else f"[dim]{len(still)} quantities did not move[/dim]"
        )
    console.print(f"[dim]{diff.old_root[:16]} → {diff.new_root[:16]}[/dim]")


def show_years(found: Explained, lang: Lang) -> None:
    """From one year to the next by data, factor and method."""
    first, texts, last = years_shown(found)
    table = Table(box=None, pad_edge=False)
    table.add_column(f"{found.pack}", overflow="fold")
    table.add_column(found.unit, justify="right")
    table.add_row(f"[bold]{found.names[0][lang]}[/bold]", first)
    for part, text in zip(found.parts, texts, strict=True):
        table.add_row(f"  {part.title[lang]}", text)
    table.add_row(f"[bold]{found.names[1][lang]}[/bold]", last)
    console.print(table)
    console.print(tracking_text(found, lang), soft_wrap=True)


def _number(value: float | None) -> str:
    return "—" if value is None else minus(f"{value:.6g}")
