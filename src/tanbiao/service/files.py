"""Write what people take away: results and ledger, reports, labels. Each file appears whole or not at all."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import Lang, Place, refuse
from ..library import Library
from ..present.label.data import Label
from ..present.label.faces import label_json, label_pdf, label_png, label_svg
from ..present.label.label import label
from ..present.report import render_report, report_docx, report_pdf
from .run import Run

REPORT_FORMATS, LABEL_FORMATS = ("html", "pdf", "docx"), ("svg", "png", "pdf", "json")


def write(path: Path, content: bytes | str) -> Path:
    """Write a file through a temporary one beside it, so that an interruption leaves nothing half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def write_run(run: Run, folder: Path) -> list[Path]:
    """`results.json` and `ledger.json`."""
    return [
        write(folder / "results.json", json_text(run.data())),
        write(folder / "ledger.json", json_text(run.ledger.data())),
    ]


def write_reports(
    run: Run, folder: Path, form: str = "html", langs: Sequence[Lang] = ("zh", "en")
) -> list[Path]:
    """The study report in each language."""
    if form not in REPORT_FORMATS:
        raise refuse("format-unknown", Place(path="--format"), format=form, known=", ".join(REPORT_FORMATS))
    found = []
    for lang in langs:
        name = f"{run.study.id}.report.{lang}.{form}"
        arguments = (run.study, run.results, run.ledger, _library(run), lang)
        if form == "html":
            other = f"{run.study.id}.report.{'en' if lang == 'zh' else 'zh'}.html" if len(langs) > 1 else ""
            found.append(write(folder / name, render_report(*arguments, other)))
        else:
            found.append(write(folder / name, (report_pdf if form == "pdf" else report_docx)(*arguments)))
    return found


def label_of(run: Run, issued: dt.date, pack: str = "") -> Label:
    """The label of the first headline, or of the headline under `pack`."""
    result = next(
        (
            r
            for r in run.results
            if r.headline is not None
            and (not pack or r.rulebook.pack.name == pack or r.rulebook.pack.version == pack)
        ),
        None,
    )
    if result is None:
        raise refuse(
            "label-value",
            run.study.place_of("packs"),
            pack=pack or ", ".join(run.study.packs),
            missing="headline",
        )
    return label(
        run.study,
        result,
        id=f"{run.study.id}-{run.ledger.root[:8]}",
        issued=issued.isoformat(),
        ledger_root=run.ledger.root,
    )


def write_labels(
    run: Run,
    folder: Path,
    form: str = "svg",
    langs: Sequence[Lang] = ("zh", "en"),
    issued: dt.date | None = None,
) -> list[Path]:
    """The label in each language; its JSON form is one for both. issued: the study's own date when not given."""
    if form not in LABEL_FORMATS:
        raise refuse("format-unknown", Place(path="--format"), format=form, known=", ".join(LABEL_FORMATS))
    found = label_of(run, issued or dt.date.fromisoformat(str(run.study.head["as_of"])))
    if form == "json":
        return [write(folder / f"{run.study.id}.label.json", label_json(found))]
    draw: dict[str, Callable[[Label, Lang], str | bytes]] = {
        "svg": label_svg,
        "png": label_png,
        "pdf": label_pdf,
    }
    return [write(folder / f"{run.study.id}.label.{lang}.{form}", draw[form](found, lang)) for lang in langs]


def _library(run: Run) -> Library:
    if run.library is None:
        raise refuse("library-none", run.study.place_of("libraries"))
    return run.library


def json_text(data: Any) -> str:
    """JSON as our files hold it: sorted, one space of indent."""
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
