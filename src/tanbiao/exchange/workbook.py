"""Studies as workbooks: written so that `study.read_study` gives the same study back, and forms made from packs.

Every cell is a text, also one that begins with `=`: nothing in it is run by the program that opens it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.text import Node, Text
from ..standards import Rulebook
from ..standards.clause import Clause
from ..study import SCHEMA, Study
from ..study.schema import FILES
from .files import fresh_file
from .model import Loss, Losses

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
FORM_ROWS = 60
MISSING, OPTIONAL, LOCKED, HEAD = "FDE2DD", "FFF7DB", "EEF1F4", "1F3A5F"
MAX_TEXT = 32_000


def _text(sheet: Any, row: int, column: int, value: str, losses: Losses | None = None) -> Any:
    """Put a text into a cell as text, whatever it begins with."""
    clean = _ILLEGAL.sub("", value)
    if losses is not None and (clean != value or len(clean) > MAX_TEXT):
        losses.add("cell text: characters a workbook cannot hold, or more than 32,000", value[:40])
    cell = sheet.cell(row=row, column=column)
    cell.value = clean[:MAX_TEXT]
    cell.data_type = "s"
    if clean[:1] in ("=", "+", "-", "@"):
        cell.quotePrefix = True
    return cell


def write_study(study: Study, target: Path) -> tuple[Loss, ...]:
    """One workbook: sheet `study` with path and value, one sheet for each table. Returns what could not be carried."""
    import openpyxl

    losses = Losses()
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "study"
    _text(sheet, 1, 1, "path")
    _text(sheet, 1, 2, "value")
    for n, (where, value) in enumerate(_flat(study.head, "", losses), start=2):
        _text(sheet, n, 1, where)
        _text(sheet, n, 2, value, losses)
    for name, table in study.tables.items():
        title = FILES.get(name, name)
        if len(title) > 31 or re.search(r"[\[\]:*?/\\]", title) or title == "study":
            losses.add("table: a sheet cannot have this name", title)
            continue
        sheet = book.create_sheet(title)
        columns = ["id", *(c for c in table.columns if c != "id")]
        for k, column in enumerate(columns, start=1):
            _text(sheet, 1, k, column)
        for n in range(len(table)):
            for k, column in enumerate(columns, start=1):
                text = table.columns[column][n]
                if text:
                    _text(sheet, n + 2, k, text, losses)
    with fresh_file(target) as path:
        book.save(path)
    return losses.report()


def _flat(node: Mapping[str, Any], prefix: str, losses: Losses) -> Iterable[tuple[str, str]]:
    for key, value in node.items():
        path = f"{prefix}{key}"
        if not re.fullmatch(r"[\w-]+", str(key)):
            losses.add("study.yaml: key that cannot be a path", path)
        elif isinstance(value, Node | dict):
            yield from _flat(value, path + ".", losses)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, str) and item.strip():
                    yield f"{path}[]", item
                else:
                    losses.add("study.yaml: list of mappings", path)
        elif value not in (None, ""):
            if str(value) != str(value).strip():
                losses.add("study.yaml: blanks around a text", path)
            yield path, str(value)


# -- forms ---------------------------------------------------------------------------------------------------

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
    ("reference.process", "", Text("产出被研究产品的过程", "process that makes the product"), True),
    (
        "reference.amount",
        "",
        Text("声明单位，如 1 piece、1 kWh", "declared unit, such as 1 piece, 1 kWh"),
        True,
    ),
)
TITLES = {
    "study": Text("目标与范围、参数", "goal, scope, parameters"),
    "processes": Text("过程", "processes"),
    "exchanges": Text(
        "物料、能源、运输、报废：每行一条交换",
        "materials, energy, transport, end of life: one exchange a row",
    ),
    "evidence": Text("证据", "evidence"),
}


def write_form(
    rulebooks: Sequence[Rulebook], target: Path, *, as_of: str, salt: str, library: str = "open-2026"
) -> None:
    """A form made of the givens of packs: cover, study, fact tables, one sheet for each table a pack asks for.

    Locked: paths, ids, notes. Red where a required value is missing, yellow where an optional one is.
    """
    import openpyxl

    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "cover"
    _cover(cover, rulebooks)
    _study_sheet(book.create_sheet("study"), rulebooks, as_of, salt, library)
    for name, columns in SCHEMA.items():
        _table_sheet(
            book.create_sheet(FILES.get(name, name)),
            TITLES.get(FILES.get(name, name), Text("", "")),
            [(c, s.text, s.unit.text, s.options, s.required) for c, s in columns.items()],
            {"process": "p", "exchange": "x", "evidence": "ev"}.get(name, name[:1]),
        )
    for name, (clause, _) in _given_tables(rulebooks).items():
        if name in SCHEMA or len(name) > 31:
            continue
        asked: list[tuple[str, Text, str, Sequence[str], bool]] = [
            ("id", Text("行编号", "row id"), "", (), True)
        ]
        for c in clause.columns:
            options = c.options or (("true", "false") if c.kind == "bool" else ())
            asked.append((c.name, c.text or Text("", ""), c.unit.text, options, c.required))
        asked.append(("note", Text("备注", "note"), "", (), False))
        _table_sheet(book.create_sheet(name), clause.text, asked, name[:2])
    with fresh_file(target, replace=False) as path:
        book.save(path)


def _given_tables(rulebooks: Sequence[Rulebook]) -> dict[str, tuple[Clause, Rulebook]]:
    out: dict[str, tuple[Clause, Rulebook]] = {}
    for book in rulebooks:
        for clause in book.of_kind("given"):
            if clause.value_kind == "table":
                out.setdefault(clause.name, (clause, book))
    return out


def _fill(colour: str) -> Any:
    from openpyxl.styles import PatternFill

    return PatternFill("solid", start_color=colour, end_color=colour)


def _head_cell(cell: Any) -> None:
    from openpyxl.styles import Alignment, Font

    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = _fill(HEAD)
    cell.alignment = Alignment(wrap_text=True, vertical="top")


def _cover(sheet: Any, rulebooks: Sequence[Rulebook]) -> None:
    from openpyxl.styles import Font

    lines = [("碳标 tanbiao：数据表 / data form", True)]
    for book in rulebooks:
        lines.append((f"{book.pack.version}  {book.pack.title.zh} / {book.pack.title.en}", False))
    lines += [
        ("", False),
        ("红色：必填而未填；黄色：可填未填；灰色：锁定，勿改。", False),
        ("red: required and missing; yellow: optional and empty; grey: locked.", False),
        ("每个单位写在列名上方；数量可以写 = 算式（作为文字）。", False),
        ("the unit stands above each column; an amount may be a formula, written as text.", False),
        ("填好后：tanbiao check 本文件；错误会指到表和单元格。", False),
        ("when filled in: tanbiao check THIS-FILE; problems name sheet and cell.", False),
        ("", False),
    ]
    lines += [(f"{name}: {t.zh} / {t.en}", False) for name, t in TITLES.items()]
    lines += [
        (f"{name}: {c.text.zh} / {c.text.en}  [{b.pack.version}]", False)
        for name, (c, b) in _given_tables(rulebooks).items()
        if name not in SCHEMA
    ]
    for n, (line, bold) in enumerate(lines, start=1):
        cell = _text(sheet, n, 1, line)
        if bold:
            cell.font = Font(bold=True, size=14)
    sheet.column_dimensions["A"].width = 110


def _study_sheet(sheet: Any, rulebooks: Sequence[Rulebook], as_of: str, salt: str, library: str) -> None:
    for k, name in enumerate(
        ("path", "value", "unit 单位", "中文说明", "meaning", "options 选项", "required 必填", "clause 条款"),
        1,
    ):
        _head_cell(_text(sheet, 1, k, name))
    filled = {"as_of": as_of, "salt": salt}
    rows: list[tuple[str, str, str, Text, tuple[str, ...], bool, str]] = [
        (p, filled.get(p, v), "", t, ("product", "plant", "lots") if p == "subject" else (), r, "")
        for p, v, t, r in BASICS
    ]
    rows += [
        ("packs[]", b.pack.name, "", Text("适用的标准包", "pack that applies"), (), True, "")
        for b in rulebooks
    ]
    rows.append(("libraries[]", library, "", Text("背景库", "background library"), (), True, ""))
    seen: set[str] = set()
    for book in rulebooks:
        for c in book.of_kind("given"):
            if c.value_kind == "table" or c.path in seen or not c.path:
                continue
            seen.add(c.path)
            options = c.options or (("true", "false") if c.value_kind == "bool" else ())
            rows.append(
                (c.path, "", c.unit.text, c.text, tuple(options), c.required and c.default is None, c.address)
            )
    for n, (path, value, unit, text, options, required, clause) in enumerate(rows, start=2):
        for k, cell in enumerate(
            (path, value, unit, text.zh, text.en, ", ".join(options), "yes" if required else "", clause), 1
        ):
            made = _text(sheet, n, k, cell)
            if k != 2:
                made.fill = _fill(LOCKED)
            else:
                _unlock(made)
        if options:
            _choices(sheet, f"B{n}", options)
        _colour(sheet, f"B{n}", required)
    for letter, width in zip("ABCDEFGH", (34, 40, 12, 42, 42, 26, 10, 36), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "C2"
    _protect(sheet)


def _table_sheet(
    sheet: Any, title: Text, columns: Sequence[tuple[str, Text, str, Sequence[str], bool]], prefix: str
) -> None:
    from openpyxl.utils import get_column_letter

    _text(sheet, 1, 1, f"{title.zh} / {title.en}")
    for k, (name, text, unit, options, required) in enumerate(columns, start=1):
        _text(sheet, 2, k, f"{text.zh}\n{text.en}").fill = _fill(LOCKED)
        _text(sheet, 3, k, (f"[{unit}] " if unit else "") + ("* " if required else "")).fill = _fill(LOCKED)
        _head_cell(_text(sheet, 4, k, name))
        letter = get_column_letter(k)
        sheet.column_dimensions[letter].width = 10 if name == "id" else 20
        area = f"{letter}5:{letter}{4 + FORM_ROWS}"
        if options:
            _choices(sheet, area, options)
        for n in range(FORM_ROWS):
            cell = sheet.cell(row=5 + n, column=k)
            if name == "id":
                _text(sheet, 5 + n, k, f"{prefix}{n + 1:03d}").fill = _fill(LOCKED)
            else:
                _unlock(cell)
        if name != "id" and required:
            _row_colour(sheet, area, letter, len(columns))
    sheet.row_dimensions[2].height = 44
    sheet.freeze_panes = "B5"
    _protect(sheet)


def _unlock(cell: Any) -> None:
    from openpyxl.styles import Protection

    cell.protection = Protection(locked=False)


def _protect(sheet: Any) -> None:
    """Locked cells cannot be typed over by accident; there is no password, it is no secret."""
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    sheet.protection.formatRows = False
    sheet.protection.insertRows = False


def _choices(sheet: Any, area: str, options: Sequence[str]) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    joined = ",".join(options)
    if len(joined) > 250 or any("," in o for o in options):
        return
    rule = DataValidation(
        type="list",
        formula1=f'"{joined}"',
        allow_blank=True,
        showErrorMessage=True,
        errorTitle="选项 / options",
        error=joined[:250],
    )
    rule.add(area)
    sheet.add_data_validation(rule)


def _colour(sheet: Any, cell: str, required: bool) -> None:
    from openpyxl.formatting.rule import FormulaRule

    sheet.conditional_formatting.add(
        cell,
        FormulaRule(  # type: ignore[no-untyped-call, unused-ignore]
            formula=[f"LEN(TRIM({cell}))=0"], stopIfTrue=True, fill=_fill(MISSING if required else OPTIONAL)
        ),
    )


def _row_colour(sheet: Any, area: str, letter: str, columns: int) -> None:
    """Red where a required cell of a row that was begun is empty."""
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.utils import get_column_letter

    last = get_column_letter(columns)
    sheet.conditional_formatting.add(
        area,
        FormulaRule(  # type: ignore[no-untyped-call, unused-ignore]
            formula=[f"AND(LEN(TRIM({letter}5))=0,COUNTA($B5:${last}5)>0)"],
            stopIfTrue=True,
            fill=_fill(MISSING),
        ),
    )
