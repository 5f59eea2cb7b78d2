"""The Brightway Excel layout, as bw2io writes it and premise's inventory workbooks use it.

Cells hold values; a formula is read by its cached value, and one without a cached value is an error with sheet and
cell, never an empty cell. Experimental: no workbook made by bw2io or premise was at hand, only the cell values that a
third party extracted from premise's 82 workbooks, which the tests write back into this layout and read.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ..core.errors import Place
from .files import fresh_file
from .model import Exchange, Flow, Inventory, Loss, Losses, Parameter, Process, Uncertainty, first
from .source import Source

NAME = "brightway"
_ACTIVITY_FIELDS = {
    "code",
    "location",
    "unit",
    "reference product",
    "production amount",
    "type",
    "comment",
    "source",
    "classifications",
    "categories",
    "worksheet name",
    "database",
    "start",
    "end",
    "licence",
    "version",
    "name zh",
}
UNCERTAINTY = {2: "lognormal", 3: "normal", 4: "uniform", 5: "triangular"}
COLUMNS = (
    "name",
    "amount",
    "unit",
    "database",
    "location",
    "categories",
    "type",
    "reference product",
    "formula",
    "uncertainty type",
    "loc",
    "scale",
    "minimum",
    "maximum",
    "input",
    "comment",
    "quality",
    "name zh",
    "flow",
    "cas",
)
MAX_CELLS = 60_000_000
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def recognises(source: Source) -> bool:
    """Whether it is a workbook with `Activity` blocks."""
    if not source.single or not source.name.lower().endswith((".xlsx", ".xlsm")):
        return False
    try:
        book = _book(source.path, True)
    except _Unreadable:
        return False
    try:
        for sheet in book.worksheets:
            for row in sheet.iter_rows(max_row=400, max_col=1, values_only=True):
                if row and isinstance(row[0], str) and row[0].strip().lower() in ("activity", "database"):
                    return True
    except Exception:
        return False
    finally:
        book.close()
    return False


class _Unreadable(Exception):
    pass


def _book(path: Path, values: bool) -> Any:
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(i.file_size for i in archive.infolist())
            if total > 400_000_000 or total > 400 * max(path.stat().st_size, 100_000):
                raise _Unreadable("the workbook unpacks to far more than it holds")
        return openpyxl.load_workbook(path, data_only=values, read_only=True)
    except _Unreadable:
        raise
    except Exception as error:  # openpyxl raises what its parser meets
        raise _Unreadable(str(error)[:120] or type(error).__name__) from None


def grid(path: Path, inventory: Inventory) -> Iterator[tuple[str, int, list[Any]]]:
    """(sheet, row, cells) of a workbook; formulas without a cached value are reported with their cell."""
    from openpyxl.utils import get_column_letter

    try:
        values, formulas = _book(path, True), _book(path, False)
    except _Unreadable as error:
        inventory.report("workbook-unreadable", Place(path.name), detail=error)
        return
    try:
        for sheet in values.sheetnames:
            label = f"{path.name}[{sheet}]"
            one, two = values[sheet], formulas[sheet]
            if not hasattr(one, "iter_rows"):
                continue
            seen = 0
            for n, (row, raw) in enumerate(
                zip_longest(one.iter_rows(values_only=True), two.iter_rows(values_only=True), fillvalue=()),
                start=1,
            ):
                seen += len(row)
                if seen > MAX_CELLS:
                    inventory.report("exchange-file-large", Place(label), limit=f"{MAX_CELLS} cells")
                    break
                cells = list(row)
                for k, (value, formula) in enumerate(zip_longest(row, raw)):
                    said = getattr(formula, "text", formula)
                    if value is None and isinstance(said, str) and said.startswith("="):
                        inventory.report(
                            "cell-formula", Place(label, n, f"{get_column_letter(k + 1)}{n}"), formula=said
                        )
                yield sheet, n, cells
    except Exception as error:
        inventory.report(
            "workbook-unreadable", Place(path.name), detail=str(error)[:120] or type(error).__name__
        )
    finally:
        values.close()
        formulas.close()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def read(source: Source, keep: bool = True) -> Inventory:
    """The whole workbook; activities of all sheets."""
    inventory = Inventory(NAME, source.name, experimental=True)
    processes: list[Process] = []
    block: list[tuple[int, list[Any]]] = []
    sheet_now, database = "", source.path.stem

    def close() -> None:
        if block:
            process = _activity(block, database, f"{source.name}[{sheet_now}]", inventory, keep)
            if process is not None:
                processes.append(process)
            block.clear()

    parameters: list[list[Any]] | None = None
    for sheet, n, cells in grid(source.path, inventory):
        if sheet != sheet_now:
            close()
            sheet_now, parameters = sheet, None
        head = _text(cells[0]).lower() if cells else ""
        if head == "skip":
            continue
        if head == "activity":
            close()
            block.append((n, cells))
            parameters = None
        elif block:
            block.append((n, cells))
        elif head == "database" and len(cells) > 1:
            database = _text(cells[1]) or database
        elif head in ("database parameters", "project parameters"):
            parameters = []
        elif parameters is not None:
            if not any(_text(c) for c in cells):
                parameters = None
            elif not parameters:
                parameters.append([_text(c).lower() for c in cells])
            else:
                row = dict(zip(parameters[0], cells, strict=False))
                inventory.parameters.append(
                    Parameter(
                        name=_text(row.get("name")),
                        formula=_text(row.get("formula")),
                        value=_float(row.get("amount")),
                        unit=_text(row.get("unit")),
                    )
                )
    close()
    inventory.processes = tuple(processes)
    inventory.expected = len(processes)
    return inventory


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(str(value).strip())
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _activity(
    block: list[tuple[int, list[Any]]], database: str, label: str, inventory: Inventory, keep: bool
) -> Process | None:
    row, cells = block[0]
    name = _text(cells[1]) if len(cells) > 1 else ""
    fields: dict[str, str] = {}
    parameters: list[Parameter] = []
    header: list[str] | None = None
    mode = ""
    exchanges: list[tuple[int, dict[str, Any], list[str]]] = []
    for n, values in block[1:]:
        key = _text(values[0]).lower() if values else ""
        if key in ("exchanges", "parameters") and not any(_text(v) for v in values[1:]):
            mode, header = key, None
        elif mode and header is None:
            header = [_text(v).lower() for v in values]
        elif mode == "exchanges" and header is not None:
            if any(_text(v) for v in values):
                exchanges.append((n, dict(zip(header, values, strict=False)), header))
        elif mode == "parameters" and header is not None:
            if not any(_text(v) for v in values):
                mode, header = "", None
            else:
                found = dict(zip(header, values, strict=False))
                parameters.append(
                    Parameter(
                        name=_text(found.get("name")),
                        formula=_text(found.get("formula")),
                        value=_float(found.get("amount")),
                        process=name,
                    )
                )
        elif key and len(values) > 1:
            fields[key] = _text(values[1])
    if not name:
        inventory.report("exchange-entity", Place(label, row), detail="an activity without a name")
        return None
    product = fields.get("reference product") or name
    code = fields.get("code") or f"{name} | {product} | {fields.get('location', '')}"
    made = []
    for n, cell, columns in exchanges:
        x = _exchange(cell, columns, n, name, product, database, fields, label, inventory, keep)
        if x is not None:
            made.append(x)
    if not any(x.reference for x in made):
        amount = _float(fields.get("production amount"))
        flow = _product(inventory, name, product, fields.get("unit", ""), {})
        made.insert(
            0,
            Exchange(
                number="0",
                flow=flow,
                name=product,
                direction="output",
                reference=True,
                amount=1.0 if amount is None else amount,
                unit=fields.get("unit", ""),
            ),
        )
    docs = {"description": {"": fields["comment"]}} if keep and fields.get("comment") else {}
    extra = {k: v for k, v in fields.items() if k not in _ACTIVITY_FIELDS and v}
    if extra and not keep:
        inventory.losses.add("activity fields", ", ".join(extra))
    return Process(
        id=code,
        name={"en": name, **({"zh": fields["name zh"]} if fields.get("name zh") else {})},
        exchanges=tuple(made),
        place=fields.get("location", ""),
        source=fields.get("source", ""),
        start=fields.get("start", ""),
        end=fields.get("end", ""),
        licence=fields.get("licence", ""),
        version=fields.get("version", ""),
        category=tuple(c for c in re.split(r"::", fields.get("categories", "")) if c),
        parameters=tuple(parameters),
        docs=docs,
        where=f"{label}#row {row}",
        foreign={NAME: extra} if extra else {},
    )


def _product(inventory: Inventory, activity: str, product: str, unit: str, more: dict[str, str]) -> str:
    ident = more.get("flow") or f"{activity} | {product}"
    if ident not in inventory.flows:
        inventory.flows[ident] = Flow(
            id=ident,
            name={"en": product, **({"zh": more["zh"]} if more.get("zh") else {})},
            kind="product",
            unit=unit,
            cas=more.get("cas", ""),
        )
    return ident


def _exchange(
    cell: dict[str, Any],
    columns: list[str],
    n: int,
    activity: str,
    product: str,
    database: str,
    fields: dict[str, str],
    label: str,
    inventory: Inventory,
    keep: bool,
) -> Exchange | None:
    from openpyxl.utils import get_column_letter

    def letter(column: str) -> str:
        return f"{get_column_letter(columns.index(column) + 1)}{n}" if column in columns else f"A{n}"

    text = {k: _text(v) for k, v in cell.items()}
    kind_text = text.get("type", "").lower()
    amount = _float(cell.get("amount"))
    if amount is None:
        if cell.get("amount") is not None:
            inventory.report(
                "number-expected", Place(label, n, letter("amount")), text=text.get("amount", "")
            )
        elif not any(
            p.place.row == n and p.place.file == label for p in inventory.problems if p.code == "cell-formula"
        ):
            inventory.report("cell-missing", Place(label, n, letter("amount")), column="amount")
        return None
    if kind_text not in ("production", "technosphere", "biosphere", "substitution", "generic production"):
        inventory.report(
            "cell-option",
            Place(label, n, letter("type")),
            text=kind_text,
            options="production, technosphere, biosphere, substitution",
        )
        return None
    name, unit = text.get("name", ""), text.get("unit", "")
    more = {"flow": text.get("flow", ""), "zh": text.get("name zh", ""), "cas": text.get("cas", "")}
    provider, place = "", text.get("location", "")
    reference = kind_text in ("production", "generic production")
    if kind_text == "biosphere":
        compartment = tuple(c for c in re.split(r"::|, ?\(|[()',]", text.get("categories", "")) if c.strip())
        ident = more["flow"] or f"{name} | {'/'.join(compartment)} | {unit}"
        if ident not in inventory.flows:
            inventory.flows[ident] = Flow(
                id=ident,
                name={"en": name, **({"zh": more["zh"]} if more["zh"] else {})},
                kind="elementary",
                unit=unit,
                compartment=compartment,
                cas=more["cas"],
            )
        resource = compartment[:1] == ("natural resource",) or (compartment[:1] or ("",))[0].startswith(
            ("resource", "Resource")
        )
        direction = "input" if resource else "output"
    else:
        own = text.get("reference product") or (product if reference else name)
        ident = _product(inventory, activity if reference else name, own, unit, more)
        direction = "output" if reference else "input"
        if text.get("input"):
            provider = text["input"]
    uncertainty = _uncertainty(cell)
    return Exchange(
        number=str(n),
        flow=ident,
        name=name,
        direction="input" if direction == "input" else "output",
        amount=amount,
        unit=unit,
        reference=reference,
        avoided=kind_text == "substitution",
        provider=provider,
        place=place,
        formula=text.get("formula", ""),
        low=_float(cell.get("minimum")),
        high=_float(cell.get("maximum")),
        uncertainty=uncertainty,
        quality=text.get("quality", ""),
        comment={"": text["comment"]} if keep and text.get("comment") else {},
        where=f"{label}#{letter('amount')}",
        foreign={NAME: {"database": text["database"]}}
        if keep and text.get("database") and text["database"] != database
        else {},
    )


def _uncertainty(cell: dict[str, Any]) -> Uncertainty | None:
    kind = UNCERTAINTY.get(int(_float(cell.get("uncertainty type")) or 0))
    loc, scale = _float(cell.get("loc")), _float(cell.get("scale"))
    low, high = _float(cell.get("minimum")), _float(cell.get("maximum"))
    if kind == "lognormal" and loc is not None and scale is not None and abs(loc) < 600 and 0 <= scale < 600:
        return Uncertainty(kind="lognormal", a=math.exp(loc), b=math.exp(scale))
    if kind == "normal" and loc is not None and scale is not None:
        return Uncertainty(kind="normal", a=loc, b=scale)
    if kind == "uniform" and low is not None and high is not None:
        return Uncertainty(kind="uniform", a=low, b=high)
    if kind == "triangular" and low is not None and high is not None and loc is not None:
        return Uncertainty(kind="triangular", a=low, b=loc, c=high)
    return None


# -- writing -------------------------------------------------------------------------------------------------


def write(inventory: Inventory, target: Path) -> tuple[Loss, ...]:
    """Write a workbook in this layout; a reader of bw2io ignores the columns it does not know."""
    import openpyxl

    losses = Losses()
    inventory.gathered()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("inventory")

    def row(*values: Any) -> None:
        sheet.append([_cell(sheet, v) if isinstance(v, str) else v for v in values])

    database = re.sub(r"\.\w+$", "", inventory.name)
    row("Database", database)
    row()
    if inventory.parameters:
        row("Database parameters")
        row("name", "amount", "formula", "unit")
        for p in inventory.parameters:
            row(p.name, p.value, p.formula, p.unit)
        row()
    for process in inventory:
        _write_process(process, inventory, database, row, losses)
    for r in inventory.results:
        losses.add("results", first(r.name, "en"))
    for name in inventory.documents:
        losses.add("documents." + name.split("/")[0], name)
    with fresh_file(target) as path:
        book.save(path)
    return losses.report()


def _cell(sheet: Any, text: str) -> Any:
    """A text stays a text, also one that begins with `=`: no program runs it."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, _ILLEGAL.sub("", text)[:32_000])
    cell.data_type = "s"
    return cell


def _two_languages(texts: dict[str, str], losses: Losses, what: str) -> tuple[str, str]:
    en, zh = first({k: v for k, v in texts.items() if k != "zh"} or texts, "en"), texts.get("zh", "")
    for lang, text in texts.items():
        if text not in (en, zh):
            losses.add(f"{what}[{lang}]", text)
    return en, zh


def _write_process(p: Process, inventory: Inventory, database: str, row: Any, losses: Losses) -> None:
    en, zh = _two_languages(p.name, losses, "process.name")
    row("Activity", en)
    references = [x for x in p.exchanges if x.reference]
    unit = references[0].unit if references else ""
    product = ""
    if references:
        flow = inventory.flows.get(references[0].flow)
        product = first(flow.name, "en") if flow is not None else references[0].name
    fields: dict[str, Any] = {
        "code": p.id,
        "name zh": zh,
        "location": p.place,
        "unit": unit,
        "reference product": product,
        "source": p.source,
        "start": p.start,
        "end": p.end,
        "licence": p.licence,
        "version": p.version,
        "categories": "::".join(p.category),
        "comment": first(p.docs.get("description", {}), "en"),
        "production amount": references[0].amount if references else "",
        **p.foreign.get(NAME, {}),
    }
    for key, value in fields.items():
        if value not in ("", None):
            row(key, value)
    for key, texts in p.docs.items():
        if key != "description":
            losses.add(f"process.docs.{key}", first(texts, "en"))
        elif len(texts) > 1:
            losses.add("process.docs.description: one language", first(texts, "zh"))
    for name, value in (
        ("kind", p.kind if p.kind != "unit" else ""),
        ("quality", p.quality),
        ("default_allocation", p.default_allocation),
    ):
        if value:
            losses.add(f"process.{name}", str(value))
    for a in p.allocations:
        losses.add("process.allocations", f"{a.method} {a.product} {a.value}")
    for other in p.foreign:
        if other != NAME:
            losses.add(f"process.foreign.{other}", p.id)
    if p.parameters:
        row("Parameters")
        row("name", "amount", "formula")
        for q in p.parameters:
            row(q.name, q.value, q.formula)
        row()
    row("Exchanges")
    row(*COLUMNS)
    for x in p.exchanges:
        _write_exchange(x, inventory, database, row, losses)
    row()


def _write_exchange(x: Exchange, inventory: Inventory, database: str, row: Any, losses: Losses) -> None:
    flow = inventory.flows.get(x.flow)
    en, zh = _two_languages(flow.name if flow is not None else {"": x.name}, losses, "flow.name")
    kind = flow.kind if flow is not None else "product"
    amount = x.amount
    if kind == "elementary":
        type_ = "biosphere"
        resource = flow is not None and (flow.compartment[:1] or ("",))[0].lower().startswith(
            ("natural resource", "resource")
        )
        if (x.direction == "input") != resource:
            losses.add("exchange.direction of an elementary flow outside `natural resource`", en)
    elif x.avoided:
        type_ = "substitution"
    elif x.reference:
        type_ = "production"
        if x.direction == "input":
            amount = -abs(amount)
            losses.add("exchange.direction: a treated input is written as negative production", en)
    else:
        type_ = "technosphere"
        if x.direction == "output":
            amount = -amount
            losses.add(
                "exchange.direction: an output for treatment or a co-product is written as negative input", en
            )
    u = x.uncertainty
    code = next((k for k, v in UNCERTAINTY.items() if u is not None and v == u.kind), None)
    loc: float | None = None
    scale: float | None = None
    low, high = x.low, x.high
    if u is not None:
        if u.kind == "lognormal" and u.a > 0 and u.b > 0:
            loc, scale = math.log(u.a), math.log(u.b)
        elif u.kind == "normal":
            loc, scale = u.a, u.b
        elif u.kind == "uniform":
            low, high = u.a, u.b
        elif u.kind == "triangular":
            low, loc, high = u.a, u.b, u.c
        else:
            code = None
            losses.add("exchange.uncertainty: a lognormal around a value that is not above zero", en)
    for name, value in (("property", x.property),):
        if value:
            losses.add(f"exchange.{name}", str(value))
    for other in x.foreign:
        if other != NAME:
            losses.add(f"exchange.foreign.{other}", x.number)
    if flow is not None:
        for name, value in (
            ("synonyms", first(flow.synonyms)),
            ("formula", flow.formula),
            ("place", flow.place),
            ("category", "/".join(flow.category)),
            ("comment", first(flow.comment)),
            ("kind: waste", "waste" if flow.kind == "waste" else ""),
            ("measures", "; ".join(m.property for m in flow.measures)),
            ("version", flow.version),
        ):
            if value:
                losses.add(f"flow.{name}", value)
    row(
        x.name if type_ == "technosphere" and x.name else en,
        amount,
        x.unit,
        x.foreign.get(NAME, {}).get("database", "") or ("" if type_ == "biosphere" else database),
        x.place,
        "::".join(flow.compartment) if flow is not None else "",
        type_,
        "" if type_ == "biosphere" else en,
        x.formula,
        code,
        loc,
        scale,
        low,
        high,
        x.provider,
        first(x.comment, "en"),
        x.quality,
        zh,
        x.flow,
        flow.cas if flow else "",
    )


__all__ = ["NAME", "grid", "read", "recognises", "write"]
