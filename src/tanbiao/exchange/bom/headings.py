"""Which column of a stranger's bill of materials is which, by headings in Chinese and English, on one row or two."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from ..units import ours

_MASS = r"mass|weight|重量|质量|净重|毛重"
_EACH = r"(?:piece|part|unit|pcs?|each|item)\b"
ROLES: Mapping[str, re.Pattern[str]] = {
    role: re.compile(pattern, re.IGNORECASE)
    for role, pattern in {
        "": r"price|cost|currency|单价|价格|金额|成本|quality grade|质量(?:等级|状态)",
        "level": r"^(?:bom |indenture )?(?:level|lvl)\b|层级|阶层|层次",
        "supplier": r"supplier|vendor|manufacturer|供应商|供应单位|供方|厂商|厂家|生产商|生产单位|制造商",
        "place": r"place|country|origin|location|产地|国家|地区|原产",
        "id": r"(?:part|item|material|component|article) ?(?:no|number|id|code|nr)\b|料号|编码|编号|零件号|图号|^id$",
        "position": r"序号|^(?:pos|no|line|item)\b\.?$|行号",
        "unit": rf"^unit(?: of measure)?s?$|^uom$|(?:{_MASS}|amount|quantity|qty) unit$|单位$|计量",
        "total": r"(?:total|extended|sum) (?:net |gross )?(?:mass|weight)|(?:mass|weight).* total$"
        r"|总(?:净|毛)?重|总质量|合计重|重量合计",
        "each": rf"(?:unit|each|single|piece) (?:net |gross )?(?:mass|weight)|(?:mass|weight) ?(?:per|/) ?{_EACH}"
        r"|(?:单|每)(?:件|个|只)?(?:净|毛)?重|单位(?:重量|质量)|(?:单|每)件(?:重量|质量)",
        "gross": r"gross (?:mass|weight)|毛重",
        "mass": _MASS,
        "material": r"material|substance|材料|材质|物质|原料|牌号",
        "count": r"amount|quantity|qty|consumption|pieces|\bpcs\b|数量|用量|单耗|件数|个数",
        "part": r"part|component|item|description|name|零件|部件|物料|名称|品名|描述",
    }.items()
}
"""Role of a column by its heading; the first that fits counts."""
_UNIT = re.compile(r"[(（\[/]\s*([^()（）\[\]/]+?)\s*[)）\]]?$|(?:,| in )\s*(\S+)$")


@dataclass(frozen=True)
class Heads:
    """Columns by role, and the unit that stands in the heading of a column (ours knows it)."""

    columns: Mapping[str, int]
    units: Mapping[str, str] = field(default_factory=dict)
    rows: int = 1
    """How many rows of the sheet the headings take."""

    @property
    def amount(self) -> str:
        """The role that gives the amount of a line: what is written for all pieces, before what is for one of them."""
        return next(r for r in ("total", "mass", "each", "gross", "count") if r in self.columns)


def heads_of(rows: Sequence[Sequence[str]]) -> Heads | None:
    """The headings at the top of these rows; None where they are no headings of a bill of materials.

    A heading over several columns with a second row below it ("Mass | — " over "Value | Unit") is read as both words,
    and a row that holds nothing but units is part of the headings.
    """
    first = [bare(c) for c in rows[0]]
    second = [bare(c) for c in rows[1]] if len(rows) > 1 else []
    both = _under(first, second) if sum(bool(_role(c)) for c in first) > 1 else None
    heads = (_heads(both, second, 2) if both is not None else None) or _heads(first, (), 1)
    if heads is None or heads.rows == 2:
        return heads
    below = [c.strip("()（）[] ") for c in second]
    if any(below) and all(not c or ours(c) is not None for c in below):
        units = {r: below[k] for r, k in heads.columns.items() if k < len(below) and below[k]}
        return Heads(heads.columns, {**heads.units, **units}, 2)
    return heads


def bare(text: str) -> str:
    return re.sub(r"[\s_]+", " ", text.strip())


def _under(first: Sequence[str], second: Sequence[str]) -> list[str] | None:
    """The words of both rows, where the second names what lies below headings over several columns."""
    out, top, spans = [], "", False
    for one, two in zip_longest(first, second, fillvalue=""):
        spans |= bool(two and not one and top)
        top = one or (top if two else "")
        out.append(f"{top} {two}".strip())
    return out if spans and not any(re.fullmatch(r"[\d.,]+", c) for c in second) else None


def _heads(texts: Sequence[str], below: Sequence[str], rows: int) -> Heads | None:
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    for k, text in enumerate(texts):
        lower = below[k] if k < len(below) else ""
        role = _role(lower) if _role(lower) in ("unit", "place") else _role(text)
        if role and role not in columns:
            columns[role] = k
            inside = _UNIT.search(text)
            said = (inside.group(1) or inside.group(2)) if inside else ""
            if said and ours(said) is not None:
                units[role] = said
    if "part" not in columns and "position" in columns and "material" not in columns:
        columns["part"] = columns.pop("position")  # a lone heading ‘item’ names the part
    measured = any(r in columns for r in ("total", "mass", "each", "gross", "count"))
    named = "material" in columns or "part" in columns
    return Heads(columns, units, rows) if measured and named else None


def _role(text: str) -> str:
    plain = re.sub(r"[(（\[].*$", "", text).strip() or text
    return next((r for r, p in ROLES.items() if p.search(plain)), "") if plain else ""


__all__ = ["Heads", "heads_of"]
