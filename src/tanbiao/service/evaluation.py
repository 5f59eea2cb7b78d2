"""Clean-production use cases: what a run found of levels, the ways to better ones, and the documents that say so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.errors import Lang, Place, refuse
from ..evaluate.balance import balances
from ..evaluate.grade.graded import Graded
from ..evaluate.improve import improvements
from ..evaluate.measures import actions_of
from ..present.evaluation.documents import audit_document, evaluation_document
from ..present.evaluation.found import Found
from ..present.report import docx, html, pdf
from .files import write
from .run import Run

FORMATS = ("html", "docx", "pdf")
DOCUMENTS = ("evaluation", "audit")


def found(run: Run, earlier: Sequence[Run] = ()) -> Found:
    """All that an evaluation shows. earlier: runs of the same plant for earlier years, oldest first."""
    ways = {i.grade: i for r in run.results for i in improvements(run.study, r)}
    table = run.study.tables.get("measure") or run.study.tables.get("measures")
    return Found(
        run.study,
        run.results,
        ways,
        balances(run.study),
        [(_year(r), _grades(r)) for r in (*earlier, run)],
        actions_of(run.study),
        list(table.rows()) if table is not None else [],
    )


def _year(run: Run) -> str:
    return str(run.study.at("period.end") or run.study.head.get("as_of"))[:4]


def _grades(run: Run) -> dict[str, Graded]:
    return {
        r.rulebook.clauses[p.name].address: p.grade
        for r in run.results
        for p in r.published
        if p.grade is not None
    }


def write_evaluation(
    run: Run,
    folder: Path,
    document: str = "evaluation",
    form: str = "html",
    langs: Sequence[Lang] = ("zh", "en"),
    earlier: Sequence[Run] = (),
) -> list[Path]:
    """The evaluation or the audit report in each language. Refuses (`format-unknown`, `evaluation-none`)."""
    if form not in FORMATS:
        raise refuse("format-unknown", Place(path="--format"), format=form, known=", ".join(FORMATS))
    if document not in DOCUMENTS:
        raise refuse("format-unknown", Place(path="--document"), format=document, known=", ".join(DOCUMENTS))
    seen = found(run, earlier)
    paths = []
    for lang in langs:
        page = (evaluation_document if document == "evaluation" else audit_document)(seen, lang)
        name = f"{run.study.id}.{document}.{lang}.{form}"
        if form == "html":
            other = (
                f"{run.study.id}.{document}.{'en' if lang == 'zh' else 'zh'}.html" if len(langs) > 1 else ""
            )
            paths.append(write(folder / name, html(page, other)))
        else:
            paths.append(write(folder / name, (docx if form == "docx" else pdf)(page)))
    return paths
