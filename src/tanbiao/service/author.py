"""A pack author's path: one workbook (a row for each indicator) becomes a linted pack.

Sheets `pack` (key, value), `indicators`, and, where indicators are computed, `data` and `checks`; the same as CSV files
in a folder. What is written is an ordinary pack: it can be read, changed and tested like any other.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from ..core.errors import Place, Problem, TanbiaoError, raise_errors
from ..core.numbers import number
from ..core.units import UnitError, unit
from ..evaluate.facts import arithmetic
from ..formula import parse_predicate
from ..standards import resolve
from ..standards.lint import lint
from .files import write

PACK_KEYS = {
    "id",
    "edition",
    "revision",
    "title_zh",
    "title_en",
    "jurisdiction",
    "status",
    "effective",
    "document",
    "note",
    "licence",
    "review",
    "caution_zh",
    "caution_en",
    "builds_on",
    "style",
    "weight_mode",
    "policy",
    "level_rule",
    "levels",
    "existing_only",
    "bonus",
    "cap",
    "alpha",
    "entered_by",
    "entered_on",
    "checked_by",
    "checked_on",
}
INDICATORS = (
    "id",
    "category",
    "category_en",
    "category_weight",
    "indicator",
    "indicator_en",
    "unit",
    "basis",
    "weight",
    "group",
    "product",
    "limiting",
    "page",
    "formula",
    "when",
    "baseline",
    "better",
    "review",
    "reason",
    "note",
)
DATA = (
    "id",
    "zh",
    "en",
    "unit",
    "basis",
    "type",
    "default",
    "options",
    "formula",
    "when",
    "low",
    "high",
    "table",
)
CHECKS = ("id", "formula", "when", "severity", "zh", "en")
ROMAN = {"Ⅰ": "I", "Ⅱ": "II", "Ⅲ": "III"}
DASH = {"", "-", "—", "–", "--", "/"}
WIDE_RANGE = ("0", "12")


@dataclass(frozen=True, eq=False)
class Form:
    """What an author filled in: cells as texts, with the line each row stands on."""

    name: str
    pack: Mapping[str, str]
    indicators: Sequence[Mapping[str, str]]
    data: Sequence[Mapping[str, str]] = ()
    checks: Sequence[Mapping[str, str]] = ()
    lines: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def place(self, sheet: str, row: int, column: str | None = None) -> Place:
        known = self.lines.get(sheet, ())
        return Place(f"{self.name}[{sheet}]", known[row] if row < len(known) else None, column)

    @property
    def levels(self) -> dict[str, str]:
        """Level → least index, best first."""
        text = self.pack.get("levels") or "I=85 II=85 III=100"
        return {k.strip(): v.strip() for k, _, v in (p.partition("=") for p in text.split())}

    @property
    def style(self) -> str:
        """The style asked for; a membership table without all of its weights is a profile."""
        asked = self.pack.get("style") or "membership"
        if asked == "membership" and any(not r.get("weight") for r in self.indicators):
            return "profile"
        return asked


@dataclass(frozen=True)
class Authored:
    """A pack that was written: its folder, its name, and what lint says of it."""

    folder: Path
    name: str
    problems: tuple[Problem, ...]


def new_pack(source: Path, out: Path, roots: Sequence[Path] = ()) -> Authored:
    """Read a form, check it, write the pack below `out`, and lint it among the packs of `roots`.

    Raises `TanbiaoError` with every problem of the form; warnings are returned with the result of lint.
    """
    form = read_form(source)
    found = check_form(form)
    raise_errors(found)
    id_, edition = form.pack["id"], form.pack["edition"]
    folder = out.joinpath(*id_.split(".", 1), edition)
    for name, text in pack_files(form).items():
        write(folder / name, text)
    rulebook, warnings = resolve(f"{id_}@{edition}", [out, *roots])
    return Authored(folder, f"{id_}@{edition}", (*found, *warnings, *lint(rulebook)))


# -- reading -------------------------------------------------------------------------------------------------------


def read_form(source: Path) -> Form:
    """A workbook, or a folder with pack.csv, indicators.csv, data.csv, checks.csv. Raises `author-form`."""
    sheets: dict[str, list[list[str]]] = {}
    if source.is_dir():
        for name in ("pack", "indicators", "data", "checks"):
            if (source / f"{name}.csv").is_file():
                text = (source / f"{name}.csv").read_text(encoding="utf-8-sig")
                sheets[name] = [list(r) for r in csv.reader(io.StringIO(text))]
    elif source.is_file():
        sheets = _workbook(source)
    for needed in ("pack", "indicators"):
        if needed not in sheets:
            raise TanbiaoError([Problem("author-form", Place(source.name), {"sheet": needed})])
    pack = {
        r[0].strip(): r[1].strip() for r in sheets["pack"] if len(r) > 1 and r[0].strip() and r[0] != "key"
    }
    tables, lines = {}, {}
    for name in ("indicators", "data", "checks"):
        tables[name], lines[name] = _rows(sheets.get(name, []))
    return Form(source.name, pack, tables["indicators"], tables["data"], tables["checks"], lines)


def _workbook(source: Path) -> dict[str, list[list[str]]]:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(source, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise TanbiaoError(
            [Problem("workbook-unreadable", Place(source.name), {"detail": str(error)})]
        ) from None
    return {
        s.title: [[_cell(c) for c in row] for row in s.iter_rows(values_only=True)] for s in book.worksheets
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value.date().isoformat() if hasattr(value, "date") else value).strip()


def _rows(grid: list[list[str]]) -> tuple[list[dict[str, str]], list[int]]:
    start = next((n for n, r in enumerate(grid) if "id" in [c.strip() for c in r]), None)
    if start is None:
        return [], []
    names = [c.strip() for c in grid[start]]
    rows, lines = [], []
    for line, cells in enumerate(grid[start + 1 :], start + 2):
        row = {k: c.strip() for k, c in zip(names, cells, strict=False) if k}
        if row.get("id"):
            rows.append(row)
            lines.append(line)
    return rows, lines


def blank_form(path: Path) -> Path:
    """An empty workbook to fill in, with what each column means and lists to choose from."""
    import openpyxl
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    head = book.active
    head.title = "pack"
    head.append(["key", "value", "填写说明", "what to write"])
    for key, value, zh, en in PACK_FORM:
        head.append([key, value, zh, en])
    columns = (*INDICATORS[:9], "I", "II", "III", *INDICATORS[9:])
    for title, names in (("indicators", columns), ("data", DATA), ("checks", CHECKS)):
        sheet = book.create_sheet(title)
        for lang in (0, 1):
            sheet.append(
                [COLUMN_NOTES.get((title, n), COLUMN_NOTES.get(("", n), ("", "")))[lang] for n in names]
            )
        sheet.append(list(names))
        sheet.freeze_panes = "A4"
    for sheet in book.worksheets:
        for position in range(sheet.max_column):
            width = 16 if sheet.title != "pack" else (18, 40, 60, 60)[position]
            sheet.column_dimensions[get_column_letter(position + 1)].width = width
        bold = 1 if sheet.title == "pack" else 3
        for cells in sheet.iter_rows(min_row=1, max_row=bold):
            for cell in cells:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                cell.font = Font(bold=cell.row == bold, color="5F6C6B" if cell.row != bold else "123F2F")
                if cell.row == bold:
                    cell.fill = PatternFill("solid", fgColor="E6EFE9")
    for title, column, options in (
        ("indicators", "limiting", "yes,no"),
        ("indicators", "better", "lower,higher"),
        ("indicators", "review", "transcribed,verified,secondary,memory,constructed"),
        ("checks", "severity", "must,should,refuse,may"),
    ):
        sheet = book[title]
        letter = get_column_letter([c.value for c in sheet[3]].index(column) + 1)
        rule = DataValidation(type="list", formula1=f'"{options}"', allow_blank=True)
        sheet.add_data_validation(rule)
        rule.add(f"{letter}4:{letter}400")
    buffer = io.BytesIO()
    book.save(buffer)
    return write(path, buffer.getvalue())


PACK_FORM = (
    ("id", "cn.cp-…", "地址，如 cn.cp-cement", "address, such as cn.cp-cement"),
    ("edition", "", "版本（年份）", "edition, the year"),
    ("revision", "1", "本库修订号", "our revision"),
    ("title_zh", "", "名称（中文）", "title in Chinese"),
    ("title_en", "", "名称（英文）", "title in English"),
    ("jurisdiction", "CN", "适用地域", "where it holds"),
    (
        "status",
        "draft",
        "状态：draft、in force、partial、constructed",
        "status: draft, in force, partial, constructed",
    ),
    ("effective", "", "实施日期 2014-04-01", "date of effect, as 2014-04-01"),
    ("document", "", "文件与编号", "document and number"),
    ("licence", "CC-BY-4.0", "许可", "licence of the encoding"),
    (
        "review",
        "transcribed",
        "核对状态；两人核对之后才可写 verified",
        "review state; `verified` only after two persons",
    ),
    ("caution_zh", "", "须知（中文）", "caution in Chinese"),
    ("caution_en", "", "须知（英文）", "caution in English"),
    ("builds_on", "cn.gbt-43329@2023", "上层标准包", "packs it builds on"),
    (
        "style",
        "membership",
        "membership 隶属度；ratio 比值；profile 不计指数",
        "membership, ratio or profile",
    ),
    (
        "weight_mode",
        "relative",
        "relative：类内之和为 1；absolute：类内之和为该类权重",
        "relative: sums to 1 in its category; absolute: to the category's weight",
    ),
    (
        "policy",
        "renorm_first",
        "整类不适用：renorm_first 重分，keep_first 丢失",
        "empty category: renorm_first or keep_first",
    ),
    (
        "level_rule",
        "standard",
        "standard、others_at_second、worst_of",
        "standard, others_at_second or worst_of",
    ),
    ("levels", "I=85 II=85 III=100", "各级所需指数，由好到差", "index needed at each level, best first"),
    ("existing_only", "III", "新建项目不设的等级", "levels that new plants do not have"),
    ("bonus", "", "加分类别（在和为 1 之外）", "bonus categories, outside the sum of 1"),
    ("entered_by", "", "录入人", "who entered it"),
    ("checked_by", "", "核对人（须为另一人）", "who checked it (another person)"),
)
COLUMN_NOTES: dict[tuple[str, str], tuple[str, str]] = {
    ("", "id"): ("编号：小写字母、数字、连字符", "id: lower-case letters, digits, hyphens"),
    ("", "category"): ("一级指标", "category"),
    ("", "category_en"): ("一级指标（英文）", "category in English"),
    ("", "category_weight"): ("一级权重（每类写一次）", "category weight (once for each)"),
    ("", "indicator"): ("二级指标", "indicator"),
    ("", "indicator_en"): ("二级指标（英文）", "indicator in English"),
    ("", "unit"): ("单位", "unit"),
    ("", "basis"): ("口径，如 electricity: calorific", "basis, such as electricity: calorific"),
    ("", "weight"): ("二级权重；分摊写 share(0.5, output)", "weight; a shared one is share(0.5, output)"),
    ("", "I"): ("I 级：≤50、≥90、≤(10+5n)、文字或 —", "level I: ≤50, ≥90, ≤(10+5n), words, or —"),
    ("", "II"): ("II 级", "level II"),
    ("", "III"): ("III 级", "level III"),
    ("", "group"): ("分摊组", "group of a shared weight"),
    ("", "product"): ("产品编号", "product id"),
    ("", "limiting"): ("限定性指标", "limiting indicator"),
    ("", "page"): ("表号与页码", "table and page"),
    ("", "formula"): ("由数据计算的算式；空为直接填写", "formula over the data; empty: given directly"),
    ("", "when"): ("何时适用", "when it applies"),
    ("", "baseline"): ("比值法：基准值", "ratio method: baseline"),
    ("", "better"): ("比值法：lower 或 higher", "ratio method: lower or higher"),
    ("", "review"): ("核对状态", "review state"),
    ("", "reason"): (
        "允许例外的理由（排序、百分数）",
        "reason that allows an exception (order, percentages)",
    ),
    ("", "note"): ("备注", "note"),
    ("", "zh"): ("含义（中文）", "meaning in Chinese"),
    ("", "en"): ("含义（英文）", "meaning in English"),
    ("", "low"): ("下限（合理性检查与范围）", "least value (plausibility, range)"),
    ("", "high"): ("上限", "greatest value"),
}

# -- cells ---------------------------------------------------------------------------------------------------------


def baseline(text: str) -> str | None:
    """A cell as a predicate (`≤(10+5n)` → `<= (10+5*n)`); empty for a dash; None where it is words."""
    text = text.strip()
    if text in DASH:
        return ""
    plain = (
        text.replace("≤", "<=")
        .replace("≥", ">=")
        .replace("＜", "<")
        .replace("＞", ">")
        .replace("×", "*")
        .replace("−", "-")
    )
    if re.fullmatch(r"(是|yes|true)", plain):
        return "== true"
    if not re.match(r"(<=|>=|==|!=|<|>|in\b)", plain):
        return None
    if re.search(r"[\u4e00-\u9fff%]", plain):
        return None
    cell = re.sub(r"(?<=[\d)])(?=[A-Za-z_]\w*)(?![eE][-+]?\d)", "*", plain)
    try:
        parse_predicate(cell, "x")
    except TanbiaoError:
        return None
    return cell


def cells_of(row: Mapping[str, str], levels: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The predicate of each level, and the options of a row of words (empty for a quantity).

    A row of words has as options the levels whose words it states, and `none`; equal words are one option.
    """
    texts = {k: _same(row.get(k, ""), row, levels) for k in levels}
    found = {k: baseline(t) for k, t in texts.items()}
    if all(v is not None for v in found.values()):
        return {k: v or "" for k, v in found.items()}, ()
    first: dict[str, str] = {}
    options: list[str] = []
    cells: dict[str, str] = {}
    for level in levels:
        if texts[level] in DASH:
            cells[level] = ""
            continue
        name = first.setdefault(texts[level], level)
        if name not in options:
            options.append(name)
        cells[level] = (
            f'== "{options[0]}"' if len(options) == 1 else "in (" + ", ".join(f'"{o}"' for o in options) + ")"
        )
    return cells, (*options, "none")


def _same(text: str, row: Mapping[str, str], levels: Sequence[str]) -> str:
    """`同Ⅰ级` and `same` speak of a better level's words."""
    text = text.strip()
    match = re.match(r"同\s*(Ⅰ|Ⅱ|Ⅲ|I{1,3})\s*级", text)
    if match:
        return _same(row.get(ROMAN.get(match[1], match[1]), ""), row, levels)
    if text.lower() == "same":
        better = levels[0]
        return row.get(better, "").strip()
    return text


# -- checking ------------------------------------------------------------------------------------------------------


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
        return [("", _number(text))]
    if len(names) > 1:
        return [("", None)]
    name = names.pop()
    spec: Mapping[str, str] = next((d for d in form.data if d["id"].replace("-", "_") == name), {})
    low, high = int(float(spec.get("low") or WIDE_RANGE[0])), int(float(spec.get("high") or WIDE_RANGE[1]))
    return [
        (f"{name}={v}", _number(re.sub(rf"\b{name}\b", f"({v})", text)))
        for v in range(low, min(high, low + 50) + 1)
    ]


def _number(text: str) -> Fraction | None:
    try:
        return arithmetic(text)
    except (ValueError, ZeroDivisionError):
        return None


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


# -- writing -------------------------------------------------------------------------------------------------------


def pack_files(form: Form) -> dict[str, str]:
    """Path below the pack's folder → text."""
    files = {
        "pack.yaml": _yaml(_head(form)),
        "clauses/2-indicators.yaml": _yaml(list(_indicator_clauses(form))),
        "clauses/3-level.yaml": _yaml(list(_level_clauses(form))),
        "tables/indicators.csv": _table(form),
    }
    data = [*_data_clauses(form)]
    if data:
        files["clauses/1-data.yaml"] = _yaml(data)
    return files


def _head(form: Form) -> dict[str, object]:
    p = form.pack
    source = {
        k: p[k]
        for k in ("document", "note", "entered_by", "entered_on", "checked_by", "checked_on")
        if p.get(k)
    }
    head: dict[str, object] = {
        "id": p["id"],
        "edition": p["edition"],
        "revision": p.get("revision") or "1",
        "title": {"zh": p["title_zh"], "en": p["title_en"]},
        "jurisdiction": p.get("jurisdiction") or "",
        "status": p.get("status") or "draft",
        "source": source,
        "licence": p.get("licence") or "CC-BY-4.0",
        "review": p.get("review") or "transcribed",
        "compares": "full",
    }
    if p.get("effective"):
        head["dates"] = {"effective": p["effective"]}
    if p.get("builds_on"):
        head["builds_on"] = p["builds_on"].split()
    if p.get("caution_zh"):
        head["caution"] = {"zh": p["caution_zh"], "en": p.get("caution_en") or p["caution_zh"]}
    return head


def _text(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _basis(text: str) -> dict[str, str]:
    return {k.strip(): v.strip() for k, _, v in (p.partition(":") for p in text.split(",") if p.strip())}


def _data_clauses(form: Form) -> Iterator[dict[str, object]]:
    tables: dict[str, dict[str, object]] = {}
    for row in form.data:
        table = row.get("table", "")
        if table:
            if table not in tables:
                tables[table] = {
                    "id": table,
                    "kind": "given",
                    "type": "table",
                    "text": _text(row["zh"], row["en"]),
                    "columns": {},
                }
            if row["id"] != table:
                column: dict[str, object] = {k: row[k] for k in ("unit", "type") if row.get(k)}
                if row.get("options"):
                    column["options"] = row["options"].split()
                tables[table]["columns"][row["id"]] = {**column, "text": _text(row["zh"], row["en"])}  # type: ignore[index]
            continue
        clause: dict[str, object] = {"id": row["id"], "kind": "define" if row.get("formula") else "given"}
        if row.get("formula"):
            clause["formula"] = row["formula"]
        else:
            clause |= {"from": f"plant.{row['id'].replace('-', '_')}", "required": "false"}
            if row.get("default"):
                clause["default"] = row["default"]
            if row.get("options"):
                clause["options"] = row["options"].split()
        for key in ("unit", "type", "when"):
            if row.get(key):
                clause[key] = row[key]
        if row.get("basis"):
            clause["basis"] = _basis(row["basis"])
        yield {**clause, "text": _text(row["zh"], row["en"])}
    yield from tables.values()
    for row in form.data:
        unit_ = f" {row['unit']}" if row.get("unit") else ""
        for end, sign, zh, en in (
            ("low", ">=", "不小于", "not below"),
            ("high", "<=", "不大于", "not above"),
        ):
            if row.get(end) and not row.get("table") and row.get("type", "number") in ("", "number"):
                name = row["id"].replace("-", "_")
                yield {
                    "id": f"{row['id']}-{end}",
                    "kind": "check",
                    "severity": "must",
                    "when": f"known({name})",
                    "formula": f'{name} {sign} q("{row[end]}{unit_}")',
                    "review": "constructed",
                    "source": {"document": "plausibility"},
                    "text": _text(
                        f"合理性：{row['zh']}{zh} {row[end]}{unit_}",
                        f"plausible: {row['en']} {en} {row[end]}{unit_}",
                    ),
                }
    for row in form.checks:
        more = {"when": row["when"]} if row.get("when") else {}
        yield {
            "id": row["id"],
            "kind": "check",
            "severity": row.get("severity") or "must",
            **more,
            "formula": row["formula"],
            "review": "constructed",
            "source": {"document": "plausibility"},
            "text": _text(row["zh"], row["en"]),
        }


def _indicator_clauses(form: Form) -> Iterator[dict[str, object]]:
    for row in form.indicators:
        text = _text(row["indicator"], row["indicator_en"])
        cells, options = ({}, ()) if form.style == "ratio" else cells_of(row, list(form.levels))
        clause: dict[str, object] = {
            "id": row["id"],
            "kind": "define" if row.get("formula") or row.get("when") else "given",
        }
        if row.get("page"):
            clause["number"] = row["page"]
        if row.get("review"):
            clause["review"] = row["review"]
        yes = any("true" in c for c in cells.values()) or (form.style == "ratio" and not row.get("baseline"))
        path = {"from": f"plant.indicators.{row['id'].replace('-', '_')}", "required": "false"}
        kind: dict[str, object] = (
            {"type": "text", "options": list(options)} if options else {"type": "bool"} if yes else {}
        )
        if not options and not yes:
            kind |= {"unit": row["unit"]} if row.get("unit") else {}
            kind |= {"basis": _basis(row["basis"])} if row.get("basis") else {}
        if row.get("formula"):
            kind.pop("options", None)
            more = {"when": row["when"]} if row.get("when") else {}
            yield {**clause, **kind, **more, "formula": row["formula"], "text": text}
        elif row.get("when"):  # asked for only where it applies
            yield {"id": f"{row['id']}-given", "kind": "given", **path, **kind, "text": text}
            kind.pop("options", None)
            yield {
                **clause,
                **kind,
                "when": row["when"],
                "formula": f"{row['id'].replace('-', '_')}_given",
                "text": text,
            }
        else:
            yield {**clause, **path, **kind, "text": text}


def _level_clauses(form: Form) -> Iterator[dict[str, object]]:
    p, style = form.pack, form.style
    grade: dict[str, object] = {
        "kind": "grade",
        "style": style,
        "table": "indicators",
        "levels": dict(form.levels),
    }
    if "cn.gbt-43329@2023" in (p.get("builds_on") or ""):
        grade["states"] = "indicator_state"
    title = _text(f"{p['title_zh']}：水平", f"{p['title_en']}: level")
    if style == "profile":
        yield {
            "id": "level-of-each",
            **grade,
            "text": _text(
                "各指标所达等级（缺权重或基准，不能给出总水平）",
                "level of each indicator (weights or baselines are lacking: no level of the whole)",
            ),
        }
        yield {
            "id": "weights-and-baselines",
            "kind": "define",
            "type": "text",
            "open": "pack",
            "text": _text(
                "官方表中尚缺的权重与基准值",
                "the weights and baselines of the official table that are still lacking",
            ),
        }
        yield {
            "id": "level",
            "kind": "define",
            "type": "text",
            "formula": "weights_and_baselines",
            "text": title,
        }
        yield {
            "id": "level-of-each-published",
            "kind": "publish",
            "of": "level_of_each",
            "headline": "true",
            "text": _text("各指标所达等级", "level of each indicator"),
        }
        yield {"id": "level-published", "kind": "publish", "of": "level", "text": title}
        return
    wanted = (
        ("alpha", "cap")
        if style == "ratio"
        else ("policy", "weight_mode", "level_rule", "bonus", "cap", "existing_only")
    )
    grade |= {k: p[k] for k in wanted if p.get(k)}
    yield {"id": "level", **grade, "text": title}
    yield {"id": "level-published", "kind": "publish", "of": "level", "headline": "true", "text": title}


def _table(form: Form) -> str:
    levels = list(form.levels)
    ratio = form.style == "ratio"
    graded = ["baseline", "better"] if ratio else levels
    weight = "text" if form.style == "profile" else "" if ratio else "formula"
    plain_weight = "text" if form.style == "profile" else ""
    columns = [
        ("id", "text"),
        ("category", "text"),
        ("category_en", "text"),
        ("category_weight", plain_weight),
        ("weight", weight),
        ("group", "text"),
        ("product", "text"),
        ("value", "text"),
        ("unit", "text"),
        ("basis", "text"),
        ("limiting", "bool"),
        *((c, "predicate" if c in levels else "formula" if c == "baseline" else "text") for c in graded),
        *((f"says_{k}", "text") for k in levels if not ratio),
        *((f"says_{k}_en", "text") for k in levels if not ratio),
        ("zh", "text"),
        ("en", "text"),
        ("review", "text"),
        ("source", "text"),
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([n for n, _ in columns])
    writer.writerow([k for _, k in columns])
    seen: set[str] = set()
    for row in form.indicators:
        cells, options = ({}, ()) if ratio else cells_of(row, levels)
        says = {f"says_{k}": _roman(row.get(k, "")) if options else "" for k in levels}
        says |= {f"says_{k}_en": row.get(f"{k}_en", "") if options else "" for k in levels}
        shown = {
            "id": row["id"],
            "category": row["category"],
            "category_en": row.get("category_en", ""),
            "category_weight": row.get("category_weight", "") if row["category"] not in seen else "",
            "weight": row.get("weight", ""),
            "group": row.get("group", ""),
            "product": row.get("product", ""),
            "value": row["id"].replace("-", "_"),
            "unit": row.get("unit", ""),
            "basis": row.get("basis", ""),
            "limiting": "yes" if row.get("limiting") == "yes" else "no",
            "baseline": row.get("baseline", ""),
            "better": row.get("better", ""),
            "zh": row["indicator"],
            "en": row["indicator_en"],
            "review": row.get("review") or form.pack.get("review") or "transcribed",
            "source": "; ".join(
                t
                for t in (
                    row.get("page", ""),
                    row.get("note", ""),
                    f"exception: {row['reason']}" if row.get("reason") else "",
                )
                if t
            )
            or form.pack["document"],
            **cells,
            **says,
        }
        seen.add(row["category"])
        writer.writerow([shown.get(n, "") for n, _ in columns])
    return out.getvalue()


def _roman(text: str) -> str:
    for sign, letters in ROMAN.items():
        text = text.replace(sign, letters)
    return text


def _yaml(data: object) -> str:
    return str(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=4000, default_flow_style=None))
