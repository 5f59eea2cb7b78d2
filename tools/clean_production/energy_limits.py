"""Write one pack for each energy-limit standard from the table of three-level limits.

    python tools/clean_production/energy_limits.py TABLE.csv [PACKS]

TABLE.csv has the columns index_system, second_indicator, unit, level1, level2, level3, kind, source. What the table
does not hold (product factors of tables not carried, dates) stays open in the pack; nothing is guessed. GB 16780 has a
pack of its own, written by hand.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BY_HAND = {"16780"}


@dataclass(frozen=True)
class Row:
    """One limit: product (shared by rows that speak of one output), indicator, unit, limits, correction."""

    id: str
    product: str
    zh: str
    en: str
    unit: str
    limits: tuple[str, str, str]
    kind: str
    note: str
    review: str


def words() -> dict[str, str]:
    with (HERE / "terms.csv").open(encoding="utf-8") as file:
        return {r["zh"]: r["en"] for r in csv.DictReader(file)}


def english(text: str, terms: dict[str, str]) -> str:
    for zh in sorted(terms, key=len, reverse=True):
        text = text.replace(zh, f" {terms[zh]} ")
    text = re.sub(r"\s+", " ", text.replace("（", " (").replace("）", ")").replace("、", ", ")).strip()
    text = re.sub(r" ([,;)])", r"\1", text).replace("( ", "(")
    left = re.findall(r"[\u4e00-\u9fff]+", text)
    if left:
        raise SystemExit(f"terms.csv lacks {left} in {text}")
    return text


def slug(text: str) -> str:
    text = (
        text.lower().replace("<=", "to-").replace("≤", "-to-").replace("≥", "from-").replace("<", "-below-")
    )
    text = text.replace(">", "-above-").replace("%", "")
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


SUFFIX = re.compile(r" 单位产品(冶炼电耗|综合能耗|电炉电耗|焦炭消耗)$")


def read(path: Path) -> dict[tuple[str, str], tuple[str, str, list[Row]]]:
    """(number, edition) → (title, date of effect or empty, rows)."""
    terms = words()
    found: dict[tuple[str, str], tuple[str, str, list[Row]]] = {}
    with path.open(encoding="utf-8-sig") as file:
        for r in csv.DictReader(file):
            named, _, date = r["index_system"].removesuffix(")").partition(" (in force ")
            head = re.match(r"GB (\d+)-(\d{4}) (.+)$", named)
            assert head is not None, r["index_system"]
            if head[1] in BY_HAND:
                continue
            number, edition, title = head[1], head[2], head[3].strip()
            zh = r["second_indicator"]
            en = english(zh, terms)
            product = slug(english(SUFFIX.sub("", zh), terms)) if number in ("21341", "21343") else slug(en)
            parts = [p.strip() for p in r["source"].split(";")]
            note = "; ".join(p for p in parts[2:] if p and not p.startswith(("not compared", "status")))
            manual = "draft" in r["source"] or "manual" in r["source"]
            rows = found.setdefault((number, edition), (title, date, []))[2]
            rows.append(
                Row(
                    slug(en),
                    product,
                    zh,
                    en,
                    r["unit"],
                    (r["level1"], r["level2"], r["level3"]),
                    r["kind"],
                    note,
                    "secondary" if manual else "transcribed",
                )
            )
    return found


# -- what a row measures ---------------------------------------------------------------------------

MASS, AREA, VOLUME, NUMBER = "mass", "area", "volume", "number"
UNITS: dict[str, tuple[str, str, str, str]] = {
    # unit of the table → (what is used, output column, our unit, factor on the limit)
    "kgce/t": ("energy", MASS, "kgce/t", ""),
    "kgce/kg": ("energy", MASS, "kgce/kg", ""),
    "kgce/tSO2": ("energy", MASS, "kgce/t", ""),
    "kgce/toe": ("energy", MASS, "kgce/t", ""),
    "kgoe/t": ("energy", MASS, "kgce/t", "41868 / 29307"),
    "kgoe/(t·能量因数)": ("energy", MASS, "kgce/t", "41868 / 29307"),
    "kgce/m2": ("energy", AREA, "kgce/m2", ""),
    "kgce/10^4m2": ("energy", AREA, "kgce/m2", "1 / 10000"),
    "kgce/m3": ("energy", VOLUME, "kgce/m3", ""),
    "kgce/重箱": ("energy", NUMBER, "kgce/piece", ""),
    "kgce/百万片": ("energy", NUMBER, "kgce/piece", "1 / 1000000"),
    "gce/kWh": ("energy", "energy", "kgce/kWh", "1 / 1000"),
    "kWh/t": ("electricity", MASS, "kWh/t", ""),
    "kWh/m2": ("electricity", AREA, "kWh/m2", ""),
    "kg/t": ("fuel", MASS, "kg/t", ""),
    "%": ("test", "", "%", ""),
}
UNCLEAR = {"kgce/km2"}
USED = {
    "energy": ("energy_kgce", "energy_rows"),
    "electricity": ("electricity_amount", "electricity_rows"),
    "fuel": ("fuel_amount", "fuel_rows"),
}


def limit(text: str, factor: str, extra: str, scale: str) -> str:
    """A baseline cell: the limit with what corrects it."""
    if not text:
        return ""
    sign = "<=" if text[0] == "≤" else ">="
    number = text[1:].strip()
    if " with / " in number:  # −120 with / −110 without low-temperature heat recovery
        numbers = re.findall(r"-?\d+", number)
        number = f"({numbers[0]} if low_temperature_recovery else {numbers[1]})"
    cell = number + (f" {extra}" if extra else "")
    if scale:
        cell = f"({cell}) * {scale}"
    if factor:
        cell = f"({cell}) * {factor}" if (extra or scale) else f"{number} * {factor}"
    return f"{sign} {cell}"


@dataclass(frozen=True)
class Correction:
    """What is added to a limit and what it is multiplied by, with the givens and definitions it needs."""

    add: str = ""
    times: str = ""


def correction(number: str, row: Row, level: int) -> Correction:
    """Corrections whose rule the table carries in full."""
    if number == "21256":
        return steel(row, level)
    if number == "21341" and "per point of ore grade above" in row.note:
        points, grade = re.findall(r"[\d.]+", row.note)[:2]
        return Correction(f"- {points} * max(0, {name(row.product)}_ore_grade - {grade})")
    if number == "29140" and "1.18" in row.note:
        return Correction(times="(1.18 if sun_dried_salt else 1)")
    if number == "29141" and "oleum" in row.note:
        return Correction("+ (35 if oleum else 0)")
    return Correction()


def steel(row: Row, level: int) -> Correction:
    if "sinter" in row.id or "pellet" in row.id:
        n = "sinter" if "sinter" in row.id else "pellet"
        return Correction(f"+ 0.15*{n}_rare_earth + 0.2*{n}_vanadium + 1.2*{n}_laterite")
    if "blast" in row.id:
        return Correction(
            "+ 0.3*furnace_rare_earth + 0.45*furnace_vanadium + 0.5*furnace_laterite + 3.61*grade_gap"
        )
    if "converter" in row.id:
        return Correction("+ 0.23*scrap_ratio + converter_class")
    return Correction("- 0.8*hot_metal_ratio + arc_furnace_class", "(1.10 if stainless else 1)")


def name(id_: str) -> str:
    return id_.replace("-", "_")


def given(id_: str, zh: str, en: str, **more: str) -> dict[str, object]:
    return {
        "id": id_,
        "kind": "given",
        "from": f"plant.{name(id_)}",
        "required": "false",
        **more,
        "text": {"zh": zh, "en": en},
    }


def extra_clauses(number: str, rows: list[Row]) -> list[dict[str, object]]:
    """Givens and definitions that the corrections of a standard read."""
    found: list[dict[str, object]] = []
    if number == "21256":
        for n, zh, en in (
            ("sinter", "烧结", "sinter"),
            ("pellet", "球团", "pellet"),
            ("furnace", "高炉", "blast furnace"),
        ):
            for ore, ozh, oen in (
                ("rare-earth", "稀土矿", "rare-earth ore"),
                ("vanadium", "钒钛磁铁矿", "vanadium-titanium magnetite"),
                ("laterite", "红土镍矿", "laterite nickel ore"),
            ):
                found.append(
                    given(
                        f"{n}-{ore}",
                        f"{zh}入料中{ozh}的比例",
                        f"share of {oen} in the {en} feed",
                        unit="%",
                        default="0",
                    )
                )
        found += [
            given(
                "feed-grade",
                "高炉入炉矿品位（空为不低于 62 %）",
                "grade of the furnace feed (empty: not below 62 %)",
                unit="%",
                default="62",
            ),
            {
                "id": "grade-gap",
                "kind": "define",
                "in": {"feed_grade": "%"},
                "formula": "min(5, max(0, 62 - feed_grade))",
                "text": {
                    "zh": "品位低于 62 % 的百分点，最多计 5",
                    "en": "points of grade below 62 %, at most five",
                },
            },
            given("scrap-ratio", "转炉废钢比", "scrap ratio of the converter", unit="%", default="0"),
            given(
                "converter-class-text",
                "转炉钢种类别",
                "class of converter steel",
                type="text",
                options=["a", "b", "c", "d"],
                default="a",
            ),
            {
                "id": "converter-class",
                "kind": "define",
                "formula": '0 if converter_class_text == "a" else 0.8 if converter_class_text == "b" '
                'else 1.2 if converter_class_text == "c" else 1.5',
                "text": {
                    "zh": "钢种加成 0、0.8、1.2、1.5（类别名为本包所用）",
                    "en": "addition by steel class 0, 0.8, 1.2, 1.5 (the names of the classes are ours)",
                },
            },
            given(
                "hot-metal-ratio", "电炉铁水比", "hot-metal ratio of the arc furnace", unit="%", default="0"
            ),
            given("stainless", "不锈钢电炉", "stainless steel", type="bool", default="false"),
            given(
                "arc-furnace-class-text",
                "电炉钢种类别",
                "class of arc-furnace steel",
                type="text",
                options=["a", "b", "c"],
                default="a",
            ),
            {
                "id": "arc-furnace-class",
                "kind": "define",
                "formula": '0 if arc_furnace_class_text == "a" else 8 if arc_furnace_class_text == "b" else 15',
                "text": {
                    "zh": "电炉钢种加成 0、8、15（先加成后乘，次序为本包所定）",
                    "en": "addition by class 0, 8, 15 (added before multiplying; the order is ours)",
                },
            },
        ]
    if number == "21341":
        seen = set()
        for row in rows:
            if "per point of ore grade above" in row.note and row.product not in seen:
                seen.add(row.product)
                base = re.findall(r"[\d.]+", row.note)[1]
                found.append(
                    given(
                        f"{row.product}-ore-grade",
                        f"{SUFFIX.sub('', row.zh)}入炉矿品位（空为基准 {base} %）",
                        f"ore grade for {row.product} (empty: the base of {base} %)",
                        unit="%",
                        default=base,
                    )
                )
    if number == "29140":
        found.append(
            given(
                "sun-dried-salt",
                "使用晒制工业盐",
                "sun-dried industrial salt is used",
                type="bool",
                default="false",
            )
        )
    if number == "29141":
        found.append(
            given("oleum", "产品为 20 % 发烟硫酸", "the product is 20 % oleum", type="bool", default="false")
        )
        found.append(
            given(
                "low-temperature-recovery",
                "有低温余热回收",
                "low-temperature heat is recovered",
                type="bool",
                default="false",
            )
        )
    return found


ENCODED = {"21256", "21341", "29140", "29141"}


def value_clause(row: Row) -> dict[str, object]:
    base: dict[str, object] = {"id": f"{row.id}-value", "kind": "define", "review": "memory"}
    text = {"zh": row.zh, "en": row.en}
    if row.unit in UNCLEAR:
        return {
            **base,
            "open": "pack",
            "text": {
                "zh": f"{row.zh}：来源印作 {row.unit}，单位存疑，未编入",
                "en": f"{row.en}: the source prints {row.unit}, a doubtful unit, so it is not encoded",
            },
        }
    used, column, unit, _ = UNITS[row.unit]
    if used == "test":
        return {
            "id": f"{row.id}-value",
            "kind": "given",
            "from": f"plant.tests.{name(row.id)}",
            "unit": "%",
            "required": "false",
            "text": text,
        }
    total, absent = USED[used]
    there = f'output.product == "{row.product}"'
    clause = {
        **base,
        "unit": unit,
        "when": f"any({there})",
        "formula": f'(sum(where({total}, energy.product == "{row.product}")) if any(energy.product == "{row.product}") '
        f"else {absent}) / sum(where(output.{column}, {there}))",
        "text": text,
    }
    if used == "energy":
        clause["basis"] = {"electricity": "calorific"}
    return clause


def pack(
    number: str, edition: str, title: str, date: str, rows: list[Row], titles: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Path → text of every file of one pack."""
    id_ = f"cn.gb-{number}"
    label = f"GB {number}-{edition}"
    open_notes = sorted({r.note for r in rows if r.note and number not in ENCODED})
    odd = [r for r in rows if r.unit in UNCLEAR]
    zh = (
        f"{label} 的限额为转录（来源作者自官方文本录入），未与标准原文核对；"
        "能耗按 GB/T 2589 计算层由实物量算出，电力当量值（凭记忆）。"
    )
    en = (
        f"The limits of {label} are transcribed by the author of the source from the official text "
        "and were not compared with it; "
        "energy is computed from physical amounts, electricity counted calorific (from memory)."
    )
    if open_notes:
        zh += "未编入的修正：" + "；".join(open_notes[:4]) + "。"
        en += " Corrections not encoded: " + "; ".join(open_notes[:4]) + "."
    head = {
        "id": id_,
        "edition": edition,
        "revision": "1",
        "title": {"zh": title, "en": titles[number]},
        "jurisdiction": "CN",
        "status": "transcribed-unverified",
        "builds_on": ["cn.gbt-2589@2020"],
        "source": {
            "document": label,
            "note": "GitHub adgo07/ECQuota-Insight; written by tools/clean_production/energy_limits.py",
        },
        "licence": "CC-BY-4.0",
        "review": "transcribed",
        "compares": "full",
        "caution": {"zh": zh, "en": en},
    }
    if date:
        head["dates"] = {"effective": date}
    yield "pack.yaml", dump(head)
    clauses: list[dict[str, object]] = []
    if date:
        clauses += [
            {
                "id": f"edition-before-{number}-{edition}",
                "kind": "define",
                "type": "bool",
                "open": "pack",
                "text": {
                    "zh": f"GB {number} 在 {date} 以前施行的版本（未持有）",
                    "en": f"the edition of GB {number} in force before {date} (not held)",
                },
            },
            {
                "id": "in-force",
                "kind": "define",
                "type": "bool",
                "formula": f'as_of >= date("{date}") or edition_before_{number}_{edition}',
                "text": {
                    "zh": f"判定日不早于 {date}；更早则无法判定，因缺当时的版本",
                    "en": f"judged on or after {date}; earlier is not evaluable, "
                    "for the edition of that time is not held",
                },
            },
        ]
    else:
        clauses.append(
            {
                "id": "in-force",
                "kind": "define",
                "type": "bool",
                "open": "pack",
                "text": {
                    "zh": f"{label} 的实施日期（来源未给出）",
                    "en": f"date of effect of {label} (the source gives none)",
                },
            }
        )
    clauses += [
        given("new-plant", "新建或改扩建", "new or extended plant", type="bool", default="false")
        | {"from": "plant.new"}
    ]
    clauses += extra_clauses(number, rows)
    if open_notes:
        clauses += [
            given(
                "corrections-none-apply",
                "标准中未编入的修正均不适用（已核对标准）",
                "none of the corrections that are not encoded applies (checked in the standard)",
                type="bool",
            ),
            {
                "id": "corrections-considered",
                "kind": "check",
                "severity": "should",
                "when": "in_force",
                "formula": "corrections_none_apply",
                "text": {
                    "zh": "限额的修正没有全部编入：须对照标准说明是否适用",
                    "en": "not every correction of the limits is encoded: say from the standard whether one applies",
                },
            },
        ]
    clauses += [value_clause(r) for r in rows]
    products = list(
        dict.fromkeys(r.product for r in rows if r.unit not in UNCLEAR and UNITS[r.unit][0] != "test")
    )
    applies = "in_force"
    if products:
        listed = ", ".join(f'"{p}"' for p in products) + ("," if len(products) == 1 else "")
        clauses.append(
            {
                "id": "product-of-this-standard",
                "kind": "define",
                "type": "bool",
                "formula": f"any(output.product in ({listed}))",
                "text": {
                    "zh": "产量表含有本标准的产品",
                    "en": "the table of output holds a product of this standard",
                },
            }
        )
        applies = "product_of_this_standard and in_force"
    disorder = any("stricter than level 1" in r.note for r in rows)
    grade = {
        "kind": "grade",
        "style": "first_met",
        "when": applies,
        "table": "limits",
        "levels": {"1": "0", "2": "0", "3": "0"},
    }
    clauses.append(
        {
            "id": "level",
            **grade,
            "text": {
                "zh": "能耗（能效）等级，取各产品中最差的一级"
                + ("；达到任一级限额即取该级" if disorder else ""),
                "en": "energy level, the worst over the products"
                + ("; the best level whose own limit is met" if disorder else ""),
            },
        }
    )
    if disorder:
        clauses.append(
            {
                "id": "level-every",
                **grade,
                "style": "every_met",
                "text": {
                    "zh": "同上，另一读法：须同时达到其下各级（标准中有的行 2 级严于 1 级）",
                    "en": "the same by the other reading: a level counts only with every level below it "
                    "(in some rows level 2 is stricter than level 1)",
                },
            }
        )
    clauses += [
        {
            "id": "within-level-3",
            "kind": "check",
            "severity": "must",
            "when": applies,
            "formula": 'level in ("1", "2", "3")',
            "review": "memory",
            "text": {"zh": "现有企业不超过 3 级", "en": "an existing plant stays within level 3"},
        },
        {
            "id": "within-level-2-new-plant",
            "kind": "check",
            "severity": "must",
            "when": f"{applies} and new_plant",
            "formula": 'level in ("1", "2")',
            "review": "memory",
            "text": {"zh": "新建企业不超过 2 级", "en": "a new plant stays within level 2"},
        },
        {
            "id": "level-published",
            "kind": "publish",
            "of": "level",
            "headline": "true",
            "text": {"zh": f"能耗等级（{label}）", "en": f"energy level ({label})"},
        },
    ]
    if disorder:
        clauses.append(
            {
                "id": "level-every-published",
                "kind": "publish",
                "of": "level_every",
                "text": {
                    "zh": f"能耗等级，另一读法（{label}）",
                    "en": f"energy level, other reading ({label})",
                },
            }
        )
    yield "clauses/1-limits.yaml", dump(clauses)
    yield "tables/limits.csv", table(number, rows)
    yield "cases/1-cases.yaml", dump(cases(number, edition, date, rows, odd))


def table(number: str, rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "zh", "en", "value", "unit", "basis", "1", "2", "3", "review", "source"])
    writer.writerow(["text"] * 6 + ["predicate"] * 3 + ["text", "text"])
    for row in rows:
        used, _, unit, factor = UNITS.get(row.unit, ("", "", "", ""))
        cells = []
        for level, text in enumerate(row.limits, 1):
            change = correction(number, row, level)
            cells.append(limit(text, factor, change.add, change.times))
        basis = "electricity: calorific" if used == "energy" else ""
        writer.writerow(
            [
                row.id,
                row.zh,
                row.en,
                f"{name(row.id)}_value",
                unit,
                basis,
                *cells,
                row.review,
                f"printed unit {row.unit}; {row.note}".rstrip("; "),
            ]
        )
    return out.getvalue()


def cases(number: str, edition: str, date: str, rows: list[Row], odd: list[Row]) -> list[dict[str, object]]:
    """A product exactly at the limit of level 3, and a judgement before the edition."""
    found: list[dict[str, object]] = []
    row = next(
        (
            r
            for r in rows
            if r.unit == "kgce/t" and r.limits[2].startswith("≤") and re.fullmatch(r"≤[\d.]+", r.limits[2])
        ),
        None,
    )
    if row is None:
        percent = next((r for r in rows if r.unit == "%"), None)
        if percent is not None and date:
            worst = percent.limits[2].lstrip("≤≥")
            found.append(
                {
                    "id": "at-level-3",
                    "source": "constructed",
                    "as_of": date,
                    "given": {f"{r.id}-value": r.limits[2].lstrip("≤≥") + " %" for r in rows},
                    "expect": {"level": "3", f"{percent.id}-value": worst},
                }
            )
        elif odd:
            found.append(
                {"id": "unit-unclear", "source": "constructed", "as_of": date, "expect": {"level": "missing"}}
            )
        elif date:
            found.append(
                {
                    "id": "nothing-of-this-standard",
                    "source": "constructed",
                    "as_of": date,
                    "expect": {"level": "not applicable"},
                }
            )
        return found
    amount = row.limits[2].lstrip("≤")
    tables = {
        "output": [{"id": "o1", "product": row.product, "mass": "1000"}],
        "energy": [
            {
                "id": "e1",
                "product": row.product,
                "direction": "used",
                "fuel": amount,
                "heating_value": "29.307",
            }
        ],
    }
    if date:
        found.append(
            {
                "id": "at-level-3",
                "source": "constructed",
                "as_of": date,
                "tables": tables,
                "expect": {f"{row.id}-value": amount, f"level.rows.{row.id}": best(row)},
            }
        )
        found.append(
            {
                "id": "before-the-edition",
                "source": "constructed",
                "as_of": "2001-01-01",
                "tables": tables,
                "expect": {"level": "missing"},
                "findings": {"within-level-3": "not_evaluable"},
            }
        )
        found.append(
            {
                "id": "nothing-of-this-standard",
                "source": "constructed",
                "as_of": date,
                "expect": {"level": "not applicable"},
            }
        )
    else:
        found.append(
            {
                "id": "date-of-effect-unknown",
                "source": "constructed",
                "tables": tables,
                "expect": {"level": "missing"},
            }
        )
    return found


def best(row: Row) -> str:
    worst = float(row.limits[2].lstrip("≤"))
    for level, text in enumerate(row.limits, 1):
        if text and worst <= float(text.lstrip("≤")):
            return str(level)
    return "3"


class Quoted(yaml.SafeDumper):
    """Texts that look like numbers or words of YAML are quoted; lists and short maps stay on one line."""


def dump(data: object) -> str:
    return yaml.dump(
        data, Dumper=Quoted, allow_unicode=True, sort_keys=False, width=4000, default_flow_style=None
    )


def main() -> None:
    source = Path(sys.argv[1])
    packs = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "packs"
    with (HERE / "titles.csv").open(encoding="utf-8") as file:
        titles = {r["number"]: r["en"] for r in csv.DictReader(file)}
    count = 0
    for (number, edition), (title, date, rows) in sorted(read(source).items()):
        seen = [r.id for r in rows]
        if len(set(seen)) != len(seen):
            raise SystemExit(f"{number}: ids twice: {sorted({i for i in seen if seen.count(i) > 1})}")
        for file_name, text in pack(number, edition, title, date, rows, titles):
            path = packs / "cn" / f"gb-{number}" / edition / file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        count += 1
    print(f"{count} packs")


if __name__ == "__main__":
    main()
