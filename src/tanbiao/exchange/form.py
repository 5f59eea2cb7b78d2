"""Forms made of what packs ask for: a workbook with the sheets an engineer knows, that reads back as a study.

Each cell is a text or empty. Ids, paths and notes are locked; what is missing is coloured; choices drop down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.text import Text
from ..evaluate.impacts import words_of
from ..standards import Rulebook
from ..standards.clause import Clause
from ..study import SCHEMA
from ..study.sheets import BOM, ENERGY, EVIDENCE, GOAL, OTHER, PROCESSES, SHEETS, TRANSPORT, Sheet
from .files import fresh_file
from .workbook import fit_rows, put_text, text_width

ROWS = 60
TOP = 5
"""The first row to be filled in; above it title, meaning, unit, and the column's name."""
MISSING, OPTIONAL, LOCKED, HEAD, SECTION = "FDE2DD", "FFF7DB", "EEF1F4", "1F3A5F", "C9D6E4"
TABS = {"study": "1F3A5F", "exchange": "2E7D6B", "process": "2E7D6B", "evidence": "8A6D3B"}
PRODUCTS_ONLY = ("price", "mass", "energy")
WANTED = ("stage", "provider", "data_kind", "evidence")
"""Columns that a row may leave empty, and better does not."""
LINKED = {ENERGY.title: ("electricity",), BOM.title: ("material",)}
"""Columns that point to a table, where a pack asks for it."""
UNITS = {
    BOM.title: ("kg", "g", "t", "piece", "m2", "m3", "L"),
    ENERGY.title: ("kWh", "MWh", "MJ", "GJ"),
    TRANSPORT.title: ("t·km", "kg·km"),
}
ORDER = (
    "id",
    "process",
    "direction",
    "flow_zh",
    "flow",
    "amount",
    "unit",
    "provider",
    "stage",
    "data_kind",
    "evidence",
    "note",
)
"""What comes first on a sheet of exchanges; scores and distributions stand behind."""
WIDTHS = {
    "id": 9,
    "flow": 28,
    "flow_zh": 22,
    "provider": 20,
    "note": 36,
    "amount": 12,
    "unit": 10,
}
MOST_LINES = 4
"""Lines that the meaning of a column may take in each language, before the column becomes wider."""
SECTIONS = {
    "": Text("研究", "study"),
    "goal": Text("目标", "goal"),
    "scope": Text("范围", "scope"),
    "product": Text("产品", "product"),
    "unit": Text("功能单位或声明单位", "functional or declared unit"),
    "period": Text("数据时段", "period of the data"),
    "parameters": Text("参数", "parameters"),
    "electricity": Text("电力", "electricity"),
    "credits": Text("抵扣", "credits"),
    "review": Text("评审", "review"),
    "report": Text("报告", "report"),
    "comparison": Text("比较", "comparison"),
    "label": Text("标识", "label"),
    "plant": Text("工厂", "plant"),
    "uses": Text("用途", "uses"),
}
BASICS: tuple[tuple[str, str, Text, bool], ...] = (
    ("schema", "1", Text("格式版本，勿改", "version of the form, leave it"), True),
    ("subject", "product", Text("对象：product、plant 或 lots", "subject: product, plant or lots"), True),
    ("id", "", Text("研究编号（小写英文）", "id of the study (lower case)"), True),
    ("as_of", "", Text("建立日期，年-月-日", "date of the study, year-month-day"), True),
    (
        "salt",
        "",
        Text("随机字符，保护未公开数据，勿改", "random characters that protect withheld data, leave them"),
        True,
    ),
    ("title.zh", "", Text("中文标题", "title in Chinese"), False),
    ("title.en", "", Text("英文标题", "title in English"), False),
    (
        "reference.process",
        "",
        Text(
            "产出被研究产品的过程（processes 表的编号）",
            "process that makes the product (id of the sheet processes)",
        ),
        True,
    ),
    (
        "reference.amount",
        "",
        Text("声明单位，如 1 piece、1 kWh", "declared unit, such as 1 piece, 1 kWh"),
        True,
    ),
)


@dataclass(frozen=True)
class Asked:
    """One column of a form."""

    name: str
    text: Text
    unit: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    wanted: bool = False
    """Yellow where a row that was begun leaves it empty."""
    source: str = ""
    """Another sheet whose ids are the choices."""
    open: bool = False
    """Whether something else than the choices may be written."""
    number: bool = False


@dataclass(frozen=True)
class Line:
    """One row of the sheet of paths and values."""

    path: str
    value: str
    text: Text
    unit: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    clause: str = ""


def write_form(
    rulebooks: Sequence[Rulebook], target: Path, *, as_of: str, salt: str, library: str = "open-2026"
) -> None:
    """A form made of the givens of packs: cover, goal and scope, bill of materials, processes, energy, transport, end
    of life, products and emissions, evidence, and one sheet for each further table a pack asks for.

    Locked: paths, ids, notes. Red where a required value is missing, yellow where a wanted one is.
    """
    import openpyxl

    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "cover 封面"
    asked = _tables(rulebooks)
    _cover(cover, rulebooks, asked)
    stages = _stages(rulebooks)
    for view in SHEETS:
        sheet = book.create_sheet(view.title)
        sheet.sheet_properties.tabColor = TABS[view.table]
        if view is GOAL:
            _goal_sheet(sheet, _lines(rulebooks, as_of, salt, library))
        else:
            title = Text(f"{view.title}：{view.text.zh}", view.text.en)
            _table_sheet(sheet, title, _view_columns(view, asked, stages), view.prefix)
        for name in LINKED.get(view.title, ()):
            if name in asked:
                _asked_sheet(book, name, asked[name])
    for name, clause in asked.items():
        if name not in book.sheetnames:
            _asked_sheet(book, name, clause)
    with fresh_file(target, replace=False) as path:
        book.save(path)


def _tables(rulebooks: Sequence[Rulebook]) -> dict[str, Clause]:
    """Tables that the packs ask for beyond those of every study, whose names a sheet can have."""
    out: dict[str, Clause] = {}
    for book in rulebooks:
        for clause in book.of_kind("given"):
            if clause.value_kind == "table" and clause.name not in SCHEMA and len(clause.name) <= 31:
                out.setdefault(clause.name, clause)
    return out


def _stages(rulebooks: Sequence[Rulebook]) -> tuple[str, ...]:
    """Tags of steps that the packs put into stages."""
    tags: dict[str, None] = {}
    for book in rulebooks:
        for table in book.tables.values():
            if {"tag", "stage"} <= set(table.columns):
                tags |= dict.fromkeys(str(t) for t in table.values["tag"].data if str(t))
    return tuple(tags)


def _view_columns(view: Sheet, asked: Mapping[str, Clause], stages: tuple[str, ...]) -> list[Asked]:
    columns = []
    schema = SCHEMA[view.table]
    order = ORDER if view.table == "exchange" else ()
    for name in sorted(schema, key=lambda n: order.index(n) if n in order else len(order)):
        spec = schema[name]
        if name in view.fixed or (name in PRODUCTS_ONLY and view is not OTHER):
            continue
        exchange = view.table == "exchange"
        choices, source, free = spec.options, "", False
        if exchange and name == "process":
            source = PROCESSES.title
        elif exchange and name == "evidence":
            source, free = EVIDENCE.title, True
        elif exchange and name == "stage":
            choices, free = stages, True
        elif exchange and name == "unit":
            choices, free = UNITS.get(view.title, ()), True
        columns.append(
            Asked(
                name,
                spec.text,
                spec.unit.text,
                choices,
                spec.required,
                exchange and name in WANTED,
                source,
                free,
                spec.kind in ("number", "amount"),
            )
        )
        if name == "provider":
            columns += [
                Asked(n, asked[n].text, source=n, wanted=True, open=True)
                for n in LINKED.get(view.title, ())
                if n in asked
            ]
    return columns


def _asked_sheet(book: Any, name: str, clause: Clause) -> None:
    columns = [Asked("id", Text("行编号", "row id"), required=True)]
    for c in clause.columns:
        choices = tuple(c.options) or (("true", "false") if c.kind == "bool" else ())
        number = c.kind not in ("text", "bool", "date")
        columns.append(Asked(c.name, c.text or Text("", ""), c.unit.text, choices, c.required, number=number))
    columns.append(Asked("note", Text("备注", "note")))
    _table_sheet(book.create_sheet(name), clause.text, columns, name[:2])


# -- cover and goal ----------------------------------------------------------------------------------------------------


def _cover(sheet: Any, rulebooks: Sequence[Rulebook], asked: Mapping[str, Clause]) -> None:
    from openpyxl.styles import Alignment, Font

    packs = [f"{b.pack.version}  {b.pack.title.zh} / {b.pack.title.en}" for b in rulebooks]
    said = [
        ("碳标 tanbiao：数据表 / data form", "title"),
        *((line, "") for line in packs),
        ("", ""),
        ("颜色 / colours", "head"),
        ("红：必填而未填 / red: required and missing", MISSING),
        ("黄：最好填上 / yellow: better filled in", OPTIONAL),
        ("灰：锁定，勿改 / grey: locked, leave it", LOCKED),
        ("", ""),
        ("怎样填 / how", "head"),
        (
            "先填“过程”，再在其他表中选过程编号。 / Fill in the processes first; other sheets choose from their ids.",
            "",
        ),
        (
            "单位写在列名上方；数量可以写 = 算式。 / Units stand above the columns; an amount may be a formula.",
            "",
        ),
        (
            "填好后：tanbiao check 本文件；错误指到单元格。 / When done: tanbiao check FILE; it names the cells.",
            "",
        ),
        ("", ""),
        ("各表 / sheets", "head"),
        *((f"{s.title}：{s.text.zh} / {s.text.en}", "") for s in SHEETS),
        *((f"{n}：{c.text.zh} / {c.text.en}  [{c.address}]", "") for n, c in asked.items()),
    ]
    for n, (line, kind) in enumerate(said, start=1):
        cell = put_text(sheet, n, 1, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if kind == "title":
            cell.font = Font(bold=True, size=16, color=HEAD)
        elif kind == "head":
            cell.font = Font(bold=True, color=HEAD)
        elif kind:
            cell.fill = _fill(kind)
    sheet.column_dimensions["A"].width = 120
    fit_rows(sheet, range(1, len(said) + 1))
    _protect(sheet)


def _lines(rulebooks: Sequence[Rulebook], as_of: str, salt: str, library: str) -> list[Line]:
    filled = {"as_of": as_of, "salt": salt}
    lines = [
        Line(
            path,
            filled.get(path, value),
            text,
            choices=("product", "plant", "lots") if path == "subject" else (),
            required=required,
        )
        for path, value, text, required in BASICS
    ]
    lines += [
        Line("packs[]", b.pack.name, Text("适用的标准包", "pack that applies"), required=True)
        for b in rulebooks
    ]
    lines.append(Line("libraries[]", library, Text("背景库", "background library"), required=True))
    known = {line.path for line in lines}
    for book in rulebooks:
        for c in book.of_kind("given"):
            if c.value_kind == "table" or c.path in known or not c.path:
                continue
            known.add(c.path)
            choices = tuple(c.options) or (("true", "false") if c.value_kind == "bool" else ())
            required = c.required and c.default is None
            lines.append(Line(c.path, "", c.text, c.unit.text, choices, required, c.address))
    return lines + method_lines(rulebooks)


def method_lines(rulebooks: Sequence[Rulebook]) -> list[Line]:
    """The impact method, where a pack asks for categories."""
    words = {w: u for book in rulebooks for w, u in words_of(book).items()}
    if not words:
        return []
    path = Text("影响方法：特征化因子的文件夹或文件", "impact method: folder or file with its factors")
    said = Text("该类别在方法中的名称", "name of this category in the method")
    lines = [Line("impact_method.path", "", path)]
    return lines + [Line(f"impact_method.categories.{w}", "", said, u) for w, u in words.items()]


def _goal_sheet(sheet: Any, lines: Sequence[Line]) -> None:
    heads = (
        "path",
        "value",
        "unit 单位",
        "中文说明",
        "meaning",
        "options 选项",
        "required 必填",
        "clause 条款",
    )
    for k, name in enumerate(heads, 1):
        _head_cell(put_text(sheet, 1, k, name))
    sections: dict[str, list[Line]] = {"": []}
    basics = {p for p, *_ in BASICS} | {"packs[]", "libraries[]"}
    for line in lines:
        first, dot, _ = line.path.partition(".")
        sections.setdefault(first if dot and line.path not in basics else "", []).append(line)
    n = 1
    for name, held in sections.items():
        n += 1
        text = SECTIONS.get(name, Text(name, name))
        _section(sheet, n, f"{text.zh} / {text.en}", len(heads))
        for line in held:
            n += 1
            _goal_line(sheet, n, line)
    for letter, width in zip("ABCDEFGH", (34, 40, 12, 42, 42, 26, 10, 36), strict=True):
        sheet.column_dimensions[letter].width = width
    fit_rows(sheet, range(1, n + 1))
    sheet.freeze_panes = "C2"
    _protect(sheet)


def _section(sheet: Any, row: int, title: str, columns: int) -> None:
    """A heading inside the sheet of paths; it has no value, so that reading passes over it."""
    from openpyxl.styles import Font

    cell = put_text(sheet, row, 1, title)
    cell.font = Font(bold=True, color=HEAD)
    for k in range(1, columns + 1):
        sheet.cell(row=row, column=k).fill = _fill(SECTION)


def _goal_line(sheet: Any, row: int, line: Line) -> None:
    from openpyxl.styles import Alignment

    cells = (
        line.path,
        line.value,
        line.unit,
        line.text.zh,
        line.text.en,
        ", ".join(line.choices),
        "yes 是" if line.required else "",
        line.clause,
    )
    for k, text in enumerate(cells, 1):
        made = put_text(sheet, row, k, text)
        if k == 2 and line.path not in ("schema", "salt"):
            _unlock(made)
        else:
            made.fill, made.alignment = _fill(LOCKED), Alignment(wrap_text=True, vertical="top")
    if line.path == "reference.process":
        _choose_from(sheet, f"B{row}", PROCESSES.title)
    elif line.choices:
        _choose(sheet, f"B{row}", line.choices)
    _colour(sheet, f"B{row}", f"LEN(TRIM(B{row}))=0", MISSING if line.required else OPTIONAL)


# -- tables ------------------------------------------------------------------------------------------------------------


def _table_sheet(sheet: Any, title: Text, columns: Sequence[Asked], prefix: str) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    put_text(sheet, 1, 1, f"{title.zh} / {title.en}").font = Font(bold=True, size=13, color=HEAD)
    last = get_column_letter(len(columns))
    for k, column in enumerate(columns, start=1):
        meaning = put_text(sheet, 2, k, f"{column.text.zh}\n{column.text.en}")
        meaning.fill, meaning.alignment = _fill(LOCKED), Alignment(wrap_text=True, vertical="top")
        marks = [f"[{column.unit}]"] if column.unit else []
        marks += ["必填 required"] if column.required and column.name != "id" else []
        put_text(sheet, 3, k, " ".join(marks)).fill = _fill(LOCKED)
        _head_cell(put_text(sheet, 4, k, column.name))
        letter = get_column_letter(k)
        told = max(text_width(column.text.zh), text_width(column.text.en))
        sheet.column_dimensions[letter].width = max(WIDTHS.get(column.name, 16), min(told / MOST_LINES, 40))
        area = f"{letter}{TOP}:{letter}{TOP + ROWS - 1}"
        _fill_column(sheet, k, column, prefix)
        if column.source:
            _choose_from(sheet, area, column.source)
        elif column.choices:
            _choose(sheet, area, column.choices, column.open)
        if column.name != "id" and (column.required or column.wanted):
            begun = f"AND(LEN(TRIM({letter}{TOP}))=0,COUNTA($B{TOP}:${last}{TOP})>0)"
            _colour(sheet, area, begun, MISSING if column.required else OPTIONAL)
    fit_rows(sheet, (2, 4))
    sheet.freeze_panes = f"B{TOP}"
    _protect(sheet)


def _fill_column(sheet: Any, k: int, column: Asked, prefix: str) -> None:
    """Ids, locked; else empty cells, of texts so that `007` stays what it is."""
    for n in range(ROWS):
        if column.name == "id":
            put_text(sheet, TOP + n, k, f"{prefix}{n + 1:03d}").fill = _fill(LOCKED)
        else:
            cell = sheet.cell(row=TOP + n, column=k)
            if not column.number:
                cell.number_format = "@"
            _unlock(cell)


# -- cells -------------------------------------------------------------------------------------------------------------


def _fill(colour: str) -> Any:
    from openpyxl.styles import PatternFill

    return PatternFill("solid", start_color=colour, end_color=colour)


def _head_cell(cell: Any) -> None:
    from openpyxl.styles import Alignment, Font

    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = _fill(HEAD)
    cell.alignment = Alignment(wrap_text=True, vertical="top")


def _unlock(cell: Any) -> None:
    from openpyxl.styles import Protection

    cell.protection = Protection(locked=False)


def _protect(sheet: Any) -> None:
    """Locked cells cannot be typed over by accident; there is no password, it is no secret."""
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    sheet.protection.formatRows = False
    sheet.protection.insertRows = False


def _choose(sheet: Any, area: str, choices: Sequence[str], free: bool = False) -> None:
    joined = ",".join(choices)
    if len(joined) <= 250 and not any("," in c for c in choices):
        _rule(sheet, area, f'"{joined}"', joined, free)


def _choose_from(sheet: Any, area: str, title: str) -> None:
    """The ids of another sheet; what is written otherwise is let through and found when the form is read."""
    _rule(sheet, area, f"'{title}'!$A${TOP}:$A${TOP + ROWS - 1}", title, True)


def _rule(sheet: Any, area: str, formula: str, said: str, free: bool) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    rule = DataValidation(
        type="list",
        formula1=formula,
        allow_blank=True,
        showErrorMessage=not free,
        errorTitle="选项 / options",
        error=said[:250],
    )
    rule.add(area)
    sheet.add_data_validation(rule)


def _colour(sheet: Any, area: str, formula: str, colour: str) -> None:
    from openpyxl.formatting.rule import FormulaRule

    sheet.conditional_formatting.add(
        area,
        FormulaRule(formula=[formula], stopIfTrue=True, fill=_fill(colour)),  # type: ignore[no-untyped-call, unused-ignore]
    )


__all__ = ["write_form"]
