"""The files of a pack from a form."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import yaml

from .cells import cells_of, roman
from .form import Form


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
        says = {f"says_{k}": roman(row.get(k, "")) if options else "" for k in levels}
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


def _yaml(data: object) -> str:
    return str(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=4000, default_flow_style=None))
