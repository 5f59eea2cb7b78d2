"""Write the sheets of mass flow: vehicle data sheet, battery documentation, month-end return, manual, certificates."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import Lang, Place, refuse
from ..present import report
from ..present.massflow.sheets import SHEETS
from ..study.schema import FILES
from .files import REPORT_FORMATS, write
from .run import Run

RESTS_ON = {"vehicle": "part", "manual": "part", "battery": "lot", "return": "lot", "certificates": "lot"}
"""The table of facts that each sheet is made of."""


def fitting(run: Run) -> str:
    """The sheet that fits the study: by its subject and what its lots are."""
    tables = run.results[0].evaluation.facts.tables
    if run.study.head.get("subject") != "lots":
        return "vehicle"
    kinds = set(map(str, tables["lot"].columns["kind"].data))
    return "return" if "vehicle" in kinds else "battery"


def processes(run: Run) -> dict[str, list[dict[str, str]]]:
    """Treatments as neutral unit processes: `process` and `exchange` rows of a study, one process for each treatment.

    What a treatment takes is its input; every fraction that is routed to reuse or recycling, or goes on to another
    treatment, is a product; the rest is waste. No allocation, no credit. A lot book is one process.
    Refuses (`sheet-empty`) a study without outflow.
    """
    evaluation = run.results[0].evaluation
    flows = evaluation.mass_flow()
    out = flows.tables["outflow"]
    if not len(out["id"].data):
        raise refuse("sheet-empty", Place(path="--kind"), study=run.study.id)
    good = {"reuse", "remanufacture", "cascade", "recycling"}
    routed: dict[str, set[str]] = {}
    for fraction, route in zip(out["fraction"].data, out["route"].data, strict=True):
        routed.setdefault(str(fraction), set()).add(str(route))
    amounts: dict[tuple[str, str, str], float] = {}
    for source, target, _, mass in flows.links:
        if target.startswith("["):
            key = (target.strip("[]"), "input", source)
        elif source.startswith("["):
            kind = "product" if target not in routed or routed[target] & good else "waste"
            key = (source.strip("[]"), kind, target)
        else:
            continue
        amounts[key] = amounts.get(key, 0.0) + mass
    if not flows.links:
        for source, mass in zip(
            flows.tables["inflow"]["source"].data, flows.tables["inflow"]["mass"].data, strict=True
        ):
            key = (run.study.id, "input", str(source) or "input")
            amounts[key] = amounts.get(key, 0.0) + float(mass)
        for fraction, route, mass in zip(
            out["fraction"].data, out["route"].data, out["mass"].data, strict=True
        ):
            key = (run.study.id, "product" if str(route) in good else "waste", str(fraction))
            amounts[key] = amounts.get(key, 0.0) + float(mass)
    reagent = evaluation.facts.tables["reagent"]
    for row in range(len(reagent)):
        key = (
            str(reagent.columns["treatment"].data[row]),
            "input",
            str(reagent.columns["material"].data[row]),
        )
        amounts[key] = amounts.get(key, 0.0) + float(reagent.columns["mass"].data[row])
    provider = dict(
        zip(
            map(str, reagent.columns["material"].data),
            map(str, reagent.columns["provider"].data),
            strict=True,
        )
    )
    names = {i: n for n, i in enumerate(evaluation.facts.tables["treatment"].ids)}
    table = evaluation.facts.tables["treatment"]
    owners = list(dict.fromkeys(k[0] for k in amounts))
    return {
        "process": [
            {
                "id": o,
                "name_en": str(table.columns["name_en"].data[names[o]]) if o in names else o,
                "name_zh": str(table.columns["name_zh"].data[names[o]]) if o in names else o,
                "place": run.study.at("plant.site") or "",
                "note": "mass flow of the study; no allocation, no credit",
            }
            for o in owners
        ],
        "exchange": [
            {
                "id": f"{o}-{n + 1}",
                "process": o,
                "stage": "end_of_life",
                "direction": d,
                "flow": f,
                "amount": f"{m:.9g}",
                "unit": "kg",
                "provider": provider.get(f, "") if d == "input" else "",
            }
            for n, ((o, d, f), m) in enumerate(amounts.items())
            if m > 0
        ],
    }


def write_processes(run: Run, folder: Path) -> list[Path]:
    """`processes.csv` and `exchanges.csv` of the treatments, to be put into a footprint study."""
    found = []
    for name, rows in processes(run).items():
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        found.append(write(folder / f"{FILES[name]}.csv", text.getvalue()))
    return found


def write_sheet(
    run: Run, folder: Path, kind: str = "", form: str = "html", langs: Sequence[Lang] = ("zh", "en")
) -> list[Path]:
    """The sheet `kind` in each language. Refuses (`sheet-unknown`, `sheet-facts`, `format-unknown`)."""
    kind = kind or fitting(run)
    if kind == "processes":
        return write_processes(run, folder)
    if kind not in SHEETS:
        raise refuse(
            "sheet-unknown", Place(path="--kind"), kind=kind, known=", ".join([*SHEETS, "processes"])
        )
    if form not in REPORT_FORMATS:
        raise refuse("format-unknown", Place(path="--format"), format=form, known=", ".join(REPORT_FORMATS))
    table = RESTS_ON[kind]
    if not any(len(r.evaluation.facts.tables.get(table, ())) for r in run.results):
        raise refuse("sheet-facts", run.study.place_of("subject"), kind=kind, table=table, study=run.study.id)
    found = []
    for lang in langs:
        document = SHEETS[kind](run.study, run.results, lang)
        name = f"{run.study.id}.{kind}.{lang}.{form}"
        content = (
            report.html(document)
            if form == "html"
            else report.pdf(document)
            if form == "pdf"
            else report.docx(document)
        )
        found.append(write(folder / name, content))
    return found
