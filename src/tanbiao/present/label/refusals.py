"""What a label must not say: claims, offsets, a boundary left unsaid, a verification or dates that do not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...core.errors import LANGS, Place, Problem
from ...core.text import Text
from ...evaluate import Result
from ...study import Study
from ..declared import PATHS, as_text, said
from .data import Verification

CLAIMS = (
    "碳中和",
    "零碳",
    "低碳",
    "净零",
    "负碳",
    "绿色",
    "环保",
    "节能",
    "最低",
    "更低",
    "领先",
    "等级",
    "评级",
    "carbon neutral",
    "carbon-neutral",
    "climate neutral",
    "net zero",
    "net-zero",
    "zero carbon",
    "low carbon",
    "low-carbon",
    "green",
    "eco-friendly",
    "grade",
    "class a",
    "lowest",
    "best",
)
NAME_CLAIMS = (
    "碳中和",
    "零碳",
    "低碳",
    "净零",
    "负碳",
    "carbon neutral",
    "carbon-neutral",
    "climate neutral",
    "net zero",
    "net-zero",
    "zero carbon",
    "low carbon",
    "low-carbon",
)
SPOKEN = ("claim", "slogan", "statement", "note", "text", "title", "headline")
"""Keys under `label` that hold free words; the label prints none of them, and refuses those that claim."""
STATES = ("self", "second", "third", "certified")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
PLACES = {"name": "product.name", "producer": "product.producer", "site": "plant.name", "unit": "unit"}


def asked(result: Result, item: str) -> str:
    """Where the packs ask for an item in study.yaml; its usual place where none asks for it."""
    paths = {c.path for c in result.rulebook.of_kind("given")}
    return next((p for p in PATHS[item] if p in paths), PLACES.get(item, PATHS[item][0]))


def boundary_problem(study: Study, result: Result, edge: Text | None, whole: bool | None) -> Problem | None:
    """A boundary that is not stated, not said to be whole or partial, or whole in words alone."""
    kind = any(c.path == "scope.kind" for c in result.rulebook.of_kind("given"))
    missing = [asked(result, "boundary")] if edge is None else []
    if whole is None:
        missing.append("scope.kind (full | partial)" if kind else "scope.partial (true | false)")
    if missing:
        return problem(study, "label-boundary", missing[0].partition(" ")[0], items=", ".join(missing))
    stages = left_out(result)
    if whole or not stages:
        return None
    field = "scope.kind: partial" if kind else "scope.partial: true"
    return problem(
        study, "label-partial-hidden", field.partition(":")[0], item=field, stages=", ".join(stages)
    )


def problem(study: Study, code: str, path: str, **args: str) -> Problem:
    return Problem(code, study.place_of(path) if path else Place("study.yaml"), args)


def claims(study: Study) -> list[Problem]:
    """Words of the study that would claim more than a footprint can carry."""
    found = []
    texts: list[tuple[str, str, tuple[str, ...]]] = [
        ("product.name", said(study, "name", lang), NAME_CLAIMS) for lang in LANGS
    ]
    block = study.at("label")
    if isinstance(block, Mapping):
        for key, value in block.items():
            text = as_text(value)
            if text is not None and key.startswith(SPOKEN):
                texts += [(f"label.{key}", text[lang], CLAIMS) for lang in LANGS]
    for path, words_said, words in texts:
        low = words_said.lower()
        found += [
            problem(study, "label-claim", path, word=w)
            for w in words
            if (w in low if ord(w[0]) > 0x7F else re.search(rf"\b{re.escape(w)}\b", low))
        ]
    return list({(p.args["word"], str(p.place)): p for p in found}.values())


def offsets(study: Study, result: Result) -> list[Problem]:
    """Offsets netted against the footprint: asked for in the study, or bought as a background item."""
    found = []
    for path in ("credits.offset_in_total", "credits.offsets_in_total", "label.offset", "label.offsets"):
        value = study.at(path)
        text = str(value.get("value") if isinstance(value, Mapping) else value or "")
        if text.partition(" ")[0] not in ("", "None", "false", "0", "0.0"):
            found.append(problem(study, "label-offset", path, what=path))
    solved = result.evaluation.solved
    providers = result.evaluation.background.providers
    for id_ in sorted(set(solved.lines.provider) if solved is not None else ()):
        known = providers.get(id_)
        category = known.facts.get("category", "") if known is not None else ""
        if "offset" in category or "carbon-credit" in category:
            found.append(problem(study, "label-offset", "", what=id_))
    return found


def left_out(result: Result) -> list[str]:
    """Stages of the pack's vocabulary that the study holds lines of but that do not count."""
    headline = result.headline
    clause = result.rulebook.by_address(headline.clause) if headline is not None else None
    solved = result.evaluation.solved
    if clause is None or not clause.stages or solved is None:
        return []
    values = result.rulebook.tables[clause.stages].values
    if "account" not in values:
        return []
    outside = {
        str(values["tag"].data[r])
        for r in range(len(values["tag"].data))
        if str(values["account"].data[r]) == "outside"
    }
    return sorted(outside & set(solved.lines.step))


def verification_problems(study: Study, verification: Verification) -> list[Problem]:
    missing = []
    if verification.state not in STATES:
        missing.append(f"state ({', '.join(STATES)})")
    if verification.state in ("second", "third", "certified") and verification.body is None:
        missing.append("body")
    if verification.state == "certified":
        missing += [k for k in ("certificate", "until") if not getattr(verification, k)]
    return (
        [problem(study, "label-verification", "review", state=verification.state, missing=", ".join(missing))]
        if missing
        else []
    )


def date_problems(study: Study, issued: str, expires: str, verification: Verification) -> list[Problem]:
    wrong = [d for d in (issued, expires) if not _DATE.fullmatch(d)]
    if wrong or expires <= issued or (verification.until and expires > verification.until):
        return [
            problem(
                study,
                "label-dates",
                "",
                issued=issued or "—",
                expires=expires or "—",
                until=verification.until or "—",
            )
        ]
    return []
