"""What a report says, in the order of the report template of GB/T 24067 (basic block, 1 to 6), then contributions,
coverage, findings, sources and the explanation of every number. Reads results; computes nothing but shares of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...core.errors import Lang, refuse
from ...evaluate import Ledger, Result
from ...library import Library
from ...study import Study
from ..document import Banner, Document
from .appendix import appendix_section
from .contributions import contributions_section, coverage_section
from .findings import findings_section
from .impact import impact_section
from .interpretation import interpretation_section
from .inventory import inventory_section
from .page import Report
from .scope import general_section, purpose_section, scope_section
from .sources import sources_section
from .summary import basic_section, summary_section


def report_document(
    study: Study, results: Sequence[Result], ledger: Ledger, library: Library, lang: Lang
) -> Document:
    """The report of a study under its packs, before it has a format. Refuses (`report-empty`)."""
    if not results:
        raise refuse("report-empty", study.place_of("packs"))
    return whole_report(Report(study, results, ledger, library, lang))


def whole_report(report: Report) -> Document:
    product = report.item("name") or report.study.id
    model = report.item("model")
    sections = (
        summary_section(report),
        basic_section(report),
        general_section(report),
        purpose_section(report),
        scope_section(report),
        inventory_section(report),
        impact_section(report),
        interpretation_section(report),
        contributions_section(report),
        coverage_section(report),
        findings_section(report),
        sources_section(report),
        appendix_section(report),
    )
    title = report.t("title" if report.study.head.get("subject") == "product" else "title_plant")
    tag = report.t("constructed") if report.study.constructed else ""
    if report.screened():
        tag = " · ".join(p for p in (tag, report.t("screening")) if p)
    facts = [
        (report.t("producer"), report.item("producer")),
        (report.t("number"), report.item("number")),
        (report.t("date"), str(report.study.head.get("as_of") or "")),
        (report.t("institution"), report.item("institution")),
    ]
    return Document(
        report.lang,
        title,
        f"{product} {model}".strip(),
        tag,
        tuple(banners(report)),
        sections,
        report.t("made_by"),
        tuple((k, v) for k, v in facts if v),
    )


def banners(report: Report) -> Iterable[Banner]:
    if report.study.constructed:
        yield Banner("constructed", report.t("constructed"), report.t("constructed_more"))
    if report.screened():
        names = report.comma(report.pack_title(r) for r in report.screened())
        yield Banner("screening", report.t("screening"), report.t("screening_more", packs=names))
