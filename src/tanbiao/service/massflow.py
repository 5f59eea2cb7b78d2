"""Write the sheets of mass flow: vehicle data sheet, battery documentation, month-end return, manual, certificates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.errors import Lang, Place, refuse
from ..present import report
from ..present.massflow import SHEETS
from .files import REPORT_FORMATS, write
from .run import Run


def fitting(run: Run) -> str:
    """The sheet that fits the study: by its subject and what its lots are."""
    tables = run.results[0].evaluation.facts.tables
    if run.study.head.get("subject") != "lots":
        return "vehicle"
    kinds = set(map(str, tables["lot"].columns["kind"].data))
    return "return" if "vehicle" in kinds else "battery"


def write_sheet(
    run: Run, folder: Path, kind: str = "", form: str = "html", langs: Sequence[Lang] = ("zh", "en")
) -> list[Path]:
    """The sheet `kind` in each language. Refuses (`sheet-unknown`, `format-unknown`)."""
    kind = kind or fitting(run)
    if kind not in SHEETS:
        raise refuse("sheet-unknown", Place(path="--kind"), kind=kind, known=", ".join(SHEETS))
    if form not in REPORT_FORMATS:
        raise refuse("format-unknown", Place(path="--format"), format=form, known=", ".join(REPORT_FORMATS))
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
