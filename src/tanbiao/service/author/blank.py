"""An empty form to fill in, with its notes in zh and en."""

from __future__ import annotations

import io
from pathlib import Path

from ..files import write
from .form import CHECKS, DATA, INDICATORS

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
