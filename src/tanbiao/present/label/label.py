"""The label: a small face of one published footprint, with a QR code to check it by.

It carries what a footprint communication asks for (ISO 14026): name, value and unit, unit of analysis, boundary in
words, period, standard, stages, verification, validity, link to the record, and that it speaks of climate change alone.
It is not a copy of any official mark, draws none, claims nothing and holds no grade. What it must not say is refused
from the data (`refusals`)."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import Problem, TanbiaoError
from ...core.text import Text
from ...evaluate import Published, Result
from ...study import Study
from ..declared import boundary, declared, partial, period, said, unit_of
from ..numbers import last_place, to_place
from .data import Label, Part, Verification
from .refusals import asked, boundary_problem, claims, date_problems, offsets, problem, verification_problems


def label(
    study: Study,
    result: Result,
    *,
    id: str,
    issued: str,
    ledger_root: str,
    expires: str = "",
    record_url: str = "",
    software: str = "",
    verification: Verification | None = None,
    marks: Sequence[str] = (),
) -> Label:
    """The label of a result's headline.

    issued, expires: civil dates (`2026-11-24`), given by the caller, since results know no clock; expires defaults to
    `label.valid_until` of the study. verification: as the study declares it when not given. marks: official marks that
    are wished for; every one is refused.

    Raises `TanbiaoError` with all of: `label-value`, `label-missing`, `label-boundary`, `label-partial-hidden`,
    `label-offset`, `label-claim`, `label-mark`, `label-verification`, `label-dates`.
    """
    problems: list[Problem] = []
    expires = expires or said(study, "valid_until", "en")
    headline = result.headline
    if headline is None or not isinstance(headline.value, float):
        why = ", ".join(headline.missing) if headline is not None else "publish"
        raise TanbiaoError(
            [
                Problem(
                    "label-value",
                    study.place_of("packs"),
                    {"pack": result.rulebook.pack.version, "missing": why or "—"},
                )
            ]
        )
    items = {k: declared(study, k) for k in ("name", "producer", "site")}
    items["unit"] = unit_of(study, headline)
    items["boundary"] = boundary(study, headline)
    for key in ("name", "producer", "site", "unit"):
        if items[key] is None:
            path = asked(result, key)
            problems.append(problem(study, "label-missing", path, item=path))
    if not said(study, "model", "en"):
        problems.append(problem(study, "label-missing", "product.model", item="product.model"))
    if not period(study):
        problems.append(problem(study, "label-missing", "period", item="period.start, period.end"))
    whole = partial(study)
    hidden = boundary_problem(study, result, items["boundary"], whole)
    problems += [hidden] if hidden is not None else []
    problems += claims(study) + offsets(study, result)
    wished = (
        [*marks, *(study.at("label.marks") or ())]
        if not isinstance(study.at("label.marks"), str)
        else [*marks, str(study.at("label.marks"))]
    )
    problems += [problem(study, "label-mark", "label.marks", mark=m) for m in wished]
    verification = verification or Verification(
        said(study, "verification_state", "en") or "self",
        declared(study, "verification_body"),
        said(study, "certificate", "en"),
        said(study, "certificate_until", "en"),
    )
    problems += verification_problems(study, verification) + date_problems(
        study, issued, expires, verification
    )
    if problems:
        raise TanbiaoError(problems)
    total = headline.value
    clause = result.rulebook.by_address(headline.clause)
    place = last_place(headline.published, total, clause.rounding if clause is not None else None)
    blank = Text("", "")
    return Label(
        id=id,
        name=items["name"] or blank,
        model=said(study, "model", "en"),
        gtin=said(study, "gtin", "en"),
        producer=items["producer"] or blank,
        site=items["site"] or blank,
        amount=headline.published,
        unit=headline.unit,
        per=items["unit"] or blank,
        low=_bound(headline.low, place),
        high=_bound(headline.high, place),
        boundary=items["boundary"] or blank,
        partial=bool(whole),
        stages=tuple(
            Part(s.id, s.name, to_place(s.value, place), s.value / total if total else 0.0)
            for s in headline.stages
            if s.value or s.low or s.high
        ),
        period=period(study),
        standards=tuple((p.version, p.title) for p in reversed(result.rulebook.packs)),
        primary_data_share=_share(result, headline),
        dqr={k: f"{v:.1f}" for k, v in headline.dqr.items()},
        verification=verification,
        conformity=result.conformity(),
        screening=headline.verdict == "screening",
        constructed=study.constructed,
        software=software or _version(),
        pack_hash=result.rulebook.pack.digest,
        ledger_root=ledger_root,
        issued=issued,
        expires=expires,
        record_url=record_url,
    )


def _bound(value: float | None, place: int) -> str:
    return to_place(value, place) if value is not None else ""


def _share(result: Result, headline: Published) -> str:
    share = headline.primary_data_share
    return f"{share:.3f}" if share is not None else ""


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tanbiao")
    except PackageNotFoundError:
        return "source"
