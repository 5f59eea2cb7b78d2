"""Read a study from a folder (study.yaml and CSV tables) or one workbook. Every problem is collected."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError
from ..core.text import Node as Yaml
from ..core.text import read_yaml
from .model import Study, Table, joined
from .schema import FILES, TABLES
from .sheets import BY_TITLE, HEAD

HEAD_KEYS = {
    "schema",
    "subject",
    "id",
    "as_of",
    "salt",
    "title",
    "constructed",
    "goal",
    "scope",
    "product",
    "unit",
    "period",
    "packs",
    "libraries",
    "impact_method",
    "parameters",
    "reference",
    "uses",
    "review",
    "comparison",
    "report",
    "label",
    "credits",
    "electricity",
    "plant",
    "rolled",
}
TABLE_NAMES = {file: table for table, file in FILES.items()}
MAX_ROWS = 2_000_000


def read_study(path: Path) -> tuple[Study, list[Problem]]:
    """Read the study at `path` (a folder with study.yaml, or an .xlsx workbook).

    Returns the study with every problem of its form. Raises `TanbiaoError` when there is nothing to read.
    """
    if path.is_file() and path.suffix.lower() == ".xlsx":
        head, tables, problems = _read_workbook(path)
    else:
        folder = path.parent if path.name == "study.yaml" else path
        head = read_yaml(folder / "study.yaml")
        tables, problems = {}, []
        for file in sorted(folder.glob("*.csv")):
            table, found = read_csv(file)
            problems += found
            if table is not None:
                tables[table.name] = table
        path = folder
    if not isinstance(head, Yaml):
        raise TanbiaoError([Problem("study-head", Place("study.yaml"))])
    problems += check_head(head)
    for table in tables.values():
        problems += check_table(table)
    return Study(head, tables, path), problems


def check_head(head: Yaml) -> list[Problem]:
    """What every study's head must say, whatever the packs."""
    problems = [Problem("study-key", head.place(k), {"key": k}) for k in head if k not in HEAD_KEYS]
    for key in ("schema", "subject", "as_of", "salt", "packs"):
        if not head.get(key):
            problems.append(Problem("study-needs", head.place(), {"key": key}))
    if head.get("schema") not in (None, "1"):
        problems.append(Problem("study-schema", head.place("schema"), {"schema": str(head.get("schema"))}))
    if head.get("subject") not in (None, "product", "plant", "lots"):
        problems.append(
            Problem("study-subject", head.place("subject"), {"subject": str(head.get("subject"))})
        )
    return problems


def check_table(table: Table) -> list[Problem]:
    """Ids, unknown columns, missing required cells, words that are no option. Columns beyond the schema are welcome
    only in tables that packs ask for, and where they name such a table (`material`, `supply`)."""
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for row, id_ in enumerate(table.ids):
        if not id_:
            problems.append(Problem("row-id", table.place(row, "id")))
        elif id_ in seen:
            problems.append(
                Problem("row-id-twice", table.place(row, "id"), {"id": id_, "line": str(seen[id_])})
            )
        seen[id_] = table.lines[row]
    schema = TABLES.get(table.name)
    if schema is None:
        return problems
    for name, spec in schema.items():
        if spec.required and name not in table.columns:
            problems.append(Problem("column-missing", Place(table.file, 1), {"column": name}))
            continue
        if name not in table.columns or not (spec.required or spec.options):
            continue
        for row, text in enumerate(table.columns[name]):
            if spec.required and not text:
                problems.append(Problem("cell-missing", table.place(row, name), {"column": name}))
            elif text and spec.options and text not in spec.options:
                problems.append(
                    Problem(
                        "cell-option",
                        table.place(row, name),
                        {"text": text, "options": ", ".join(spec.options)},
                    )
                )
    return problems


def read_csv(path: Path) -> tuple[Table | None, list[Problem]]:
    """One CSV table; comma or semicolon, UTF-8 (with or without BOM) or GB 18030."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            return None, [Problem("table-encoding", Place(path.name))]
    try:
        lines = list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        return None, [Problem("table-unreadable", Place(path.name), {"detail": str(error)})]
    if not lines or not any(lines[0]):
        return None, [Problem("table-empty", Place(path.name))]
    name = TABLE_NAMES.get(path.stem, path.stem)
    names = [c.strip() for c in lines[0]]
    problems = [
        Problem("column-twice", Place(path.name, 1, c), {"column": c})
        for c in set(names)
        if names.count(c) > 1
    ]
    if "id" not in names:
        return None, [*problems, Problem("column-missing", Place(path.name, 1), {"column": "id"})]
    body, numbers = [], []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(c.strip() for c in cells):
            continue
        if len(cells) > len(names) and any(c.strip() for c in cells[len(names) :]):
            problems.append(Problem("row-long", Place(path.name, number)))
        body.append([c.strip() for c in cells[: len(names)]] + [""] * (len(names) - len(cells)))
        numbers.append(number)
    columns = {c: tuple(row[i] for row in body) for i, c in enumerate(names) if c}
    return Table(name, path.name, columns, tuple(numbers), {}), problems


def _read_workbook(path: Path) -> tuple[Yaml, dict[str, Table], list[Problem]]:
    """One workbook: sheet `study` (or goal and scope) holds path and value, every other sheet is a table or a view of
    one. A formula without a cached value is an error, never an empty cell."""
    import openpyxl

    problems: list[Problem] = []
    try:
        values = openpyxl.load_workbook(path, data_only=True, read_only=False)
        formulas = openpyxl.load_workbook(path, data_only=False, read_only=False)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise TanbiaoError(
            [Problem("workbook-unreadable", Place(path.name), {"detail": str(error)})]
        ) from None
    head = Yaml(path.name, 1, {}, {})
    tables: dict[str, Table] = {}
    for sheet in values.worksheets:
        raw = formulas[sheet.title]
        grid: list[list[str]] = []
        for row, cells in enumerate(sheet.iter_rows(max_row=min(sheet.max_row or 0, MAX_ROWS)), start=1):
            texts = []
            for cell in cells:
                formula = raw.cell(row=row, column=cell.column).value if cell.column else None
                if cell.value is None and isinstance(formula, str) and formula.startswith("="):
                    problems.append(
                        Problem(
                            "cell-formula",
                            Place(f"{path.name}[{sheet.title}]", row, cell.coordinate),
                            {"formula": formula},
                        )
                    )
                texts.append(_cell_text(cell.value))
            grid.append(texts)
        label = f"{path.name}[{sheet.title}]"
        view = BY_TITLE.get(sheet.title)
        if (view.table if view else sheet.title) == HEAD:
            head = _head_from_sheet(grid, label, problems)
            continue
        table = _table_from_sheet(
            view.table if view else sheet.title, grid, label, view.fixed if view else {}
        )
        if table is not None:
            known = tables.get(table.name)
            tables[table.name] = table if known is None else joined(known, table)
    return head, tables, problems


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value) if value != int(value) or abs(value) >= 1e15 else str(int(value))
    if hasattr(value, "date") and callable(value.date):
        return str(value.date().isoformat())
    return str(value).strip()


def _head_from_sheet(grid: list[list[str]], label: str, problems: list[Problem]) -> Yaml:
    root: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for number, row in enumerate(grid, start=1):
        if not row or not row[0] or (number == 1 and row[0] in ("path", "项目")):
            continue
        path, value = row[0], row[1] if len(row) > 1 else ""
        if not value:
            continue
        if not re.fullmatch(r"[\w-]+(\.[\w-]+)*(\[\])?", path):
            problems.append(Problem("study-key", Place(label, number, "A"), {"key": path}))
            continue
        target = root
        *parents, last = path.removesuffix("[]").split(".")
        for part in parents:
            target = target.setdefault(part, {})
        if path.endswith("[]"):
            target.setdefault(last, []).append(value)
        else:
            target[last] = value
        lines.setdefault(path.removesuffix("[]"), number)
    return _nodes(root, label, lines, "")


def _nodes(data: dict[str, Any], label: str, lines: dict[str, int], prefix: str) -> Yaml:
    items, places = {}, {}
    for key, value in data.items():
        path = f"{prefix}{key}"
        items[key] = _nodes(value, label, lines, path + ".") if isinstance(value, dict) else value
        places[key] = lines.get(path, next((n for p, n in lines.items() if p.startswith(path + ".")), 1))
    return Yaml(label, 1, items, places)


def _table_from_sheet(
    title: str, grid: list[list[str]], label: str, fixed: Mapping[str, str]
) -> Table | None:
    from openpyxl.utils import get_column_letter

    start = next((i for i, row in enumerate(grid) if "id" in row), None)
    if start is None:
        return None
    names = grid[start]
    body, numbers = [], []
    for number, row in enumerate(grid[start + 1 :], start=start + 2):
        if any(
            text for text, name in zip(row, names, strict=False) if name != "id"
        ):  # a form's unused rows have ids
            body.append(row + [""] * (len(names) - len(row)))
            numbers.append(number)
    columns = {c: tuple(row[i] for row in body) for i, c in enumerate(names) if c}
    columns |= {c: (text,) * len(body) for c, text in fixed.items() if c not in columns}
    letters = {c: get_column_letter(i + 1) for i, c in enumerate(names) if c}
    return Table(TABLE_NAMES.get(title, title), label, columns, tuple(numbers), letters)
