"""Verify a bundle: signatures, digests, ledger, and then the evaluation again.

Nothing the bundle says is taken on trust that can be computed. What cannot be checked is said: verification
names the level it reached, and "cannot recompute" is not "fails".
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ..core.errors import Place, Problem, TanbiaoError
from ..core.text import Text
from .archive import CAP
from .bundle import EVIDENCE, BundleContent, evidence_data, open_bundle, said
from .figures import (
    Evaluated,
    differing_figures,
    differing_findings,
    differing_results,
    differing_values,
    measured,
    names_only,
    results_data,
)
from .intensities import INTENSITIES
from .lock import engine
from .statement import Statement, read, statement_digest

Level = Literal[
    "recomputed", "recomputed with the holder's own licensed library", "signatures and digests only"
]
Verdict = Literal["verified", "failed", "cannot recompute"]
RECOMPUTED: Level = "recomputed"
LICENSED: Level = "recomputed with the holder's own licensed library"
DIGESTS: Level = "signatures and digests only"

LEVELS: Mapping[Level, Text] = {
    RECOMPUTED: Text("已重新计算", RECOMPUTED),
    LICENSED: Text("已用持有人自己的授权背景库重新计算", LICENSED),
    DIGESTS: Text("仅核对签名与摘要", DIGESTS),
}
VERDICTS: Mapping[Verdict, Text] = {
    "verified": Text("通过", "verified"),
    "failed": Text("不通过", "failed"),
    "cannot recompute": Text("无法重新计算", "cannot recompute"),
}


@dataclass(frozen=True, eq=False)
class Rerun:
    """What came out when a bundle's study was evaluated again. `own_library`: with a library of the
    reader's own."""

    run: Evaluated
    own_library: bool = False


class LibraryUnavailable(TanbiaoError):
    """A library that does not travel is not at hand: `names` are `id@version`."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__([Problem("seal-library", args={"libraries": ", ".join(names)}, level="warning")])


Evaluate = Callable[[Path], Rerun]
"""Evaluate the bundle extracted at a folder (see `Extracted`); raises `LibraryUnavailable` or
`TanbiaoError`."""


@dataclass(frozen=True)
class Signer:
    """Whose key signed, and what for. `issuer` and `body` are what the signer says; only `thumbprint` is
    proof."""

    thumbprint: str
    issuer: str
    state: str
    body: str
    certificate: str
    issued: dt.datetime
    valid_until: dt.datetime


@dataclass(frozen=True, eq=False)
class Verification:
    """What verifying found. `pinned`: whether a signer's key is the one the reader asked for (None: none
    asked)."""

    verdict: Verdict
    level: Level
    problems: tuple[Problem, ...] = ()
    statement: Statement | None = None
    signers: tuple[Signer, ...] = ()
    confidential: bool = False
    pinned: bool | None = None
    expired: bool | None = None

    @property
    def exit_code(self) -> int:
        return {"verified": 0, "failed": 1, "cannot recompute": 2}[self.verdict]

    def data(self) -> dict[str, Any]:
        """For JSON output."""
        return {
            "verdict": self.verdict,
            "level": self.level,
            "verdict_text": VERDICTS[self.verdict].data(),
            "level_text": LEVELS[self.level].data(),
            "confidential": self.confidential,
            "pinned": self.pinned,
            "expired": self.expired,
            "problems": [p.data() for p in self.problems],
            "signers": [
                {
                    "key": s.thumbprint,
                    "issuer": s.issuer,
                    "state": s.state,
                    "body": s.body,
                    "certificate": s.certificate,
                    "issued": s.issued.isoformat(),
                    "valid_until": s.valid_until.isoformat(),
                }
                for s in self.signers
            ],
            "statement": self.statement.data() if self.statement is not None else None,
        }


def verify(
    data: bytes,
    recompute: bool = True,
    evaluate: Evaluate | None = None,
    key: str | None = None,
    now: dt.datetime | None = None,
    cap: int = CAP,
) -> Verification:
    """Verify a bundle.

    recompute: evaluate again, by `evaluate`. key: the thumbprint that a signer must have. now: the moment
    at which validity is judged; without it validity is not judged. Never raises for what a bundle holds.
    """
    try:
        content = open_bundle(data, cap)
        statements = _signatures(content)
        _content(content, statements[0])
    except TanbiaoError as error:
        return Verification("failed", DIGESTS, error.problems)
    signers = tuple(
        Signer(
            k.thumbprint,
            s.issuer,
            s.verified_by.state,
            s.verified_by.body,
            s.verified_by.certificate,
            s.issued,
            s.valid_until,
        )
        for s, (_, k) in zip(statements, content.signatures, strict=True)
    )
    last = statements[-1]
    warnings = list(_warnings(content, statements, signers, now))
    found = Verification(
        "verified",
        DIGESTS,
        (),
        last,
        signers,
        content.confidential,
        None if key is None else key in {s.thumbprint for s in signers},
        None if now is None else not last.valid_at(now),
    )
    if found.pinned is False:
        problem = Problem(
            "seal-key", args={"wanted": str(key), "found": ", ".join(s.thumbprint for s in signers)}
        )
        return replace(found, verdict="failed", problems=(problem, *warnings))
    if not recompute or evaluate is None or content.confidential:
        return replace(found, problems=tuple(warnings))
    return _recomputed(found, content, statements[0], evaluate, warnings)


def _signatures(content: BundleContent) -> list[Statement]:
    """Every statement, read and held against the one before it."""
    statements: list[Statement] = []
    problems: list[Problem] = []
    previous = ""
    for number, (text, key) in enumerate(content.signatures, start=1):
        try:
            statement = read(text, key)
        except TanbiaoError as error:
            raise TanbiaoError(
                [replace(p, place=Place(f"statement {number}")) for p in error.problems]
            ) from None
        if statement.previous != previous or statement.manifest != content.manifest:
            problems.append(Problem("seal-chain", Place(f"statement {number}")))
        if statements and statement.content != statements[0].content:
            problems.append(Problem("seal-countersigned", Place(f"statement {number}")))
        statements.append(statement)
        previous = statement_digest(text)
    if problems:
        raise TanbiaoError(problems)
    return statements


def _content(content: BundleContent, statement: Statement) -> None:
    """The parts of a bundle must speak of the same thing as the statement."""
    figures = [f.data() for f in statement.figures]
    stored = content.results.get("figures")
    if content.shown == "confidential":
        figures = [f | {"missing": names_only(f["missing"])} for f in figures]
    pairs = [
        ("ledger_root", statement.ledger_root, content.ledger.root),
        ("ledger_root", statement.ledger_root, content.results.get("ledger_root")),
        ("figures", figures, stored),
        (
            "conformity",
            {k: v.data() for k, v in statement.conformity.items()},
            content.results.get("conformity"),
        ),
        ("packs", dict(statement.packs), dict(content.lock.packs)),
        ("packs", dict(statement.packs), content.results.get("packs")),
        ("libraries", dict(statement.libraries), dict(content.lock.libraries)),
        ("libraries", dict(statement.libraries), content.results.get("libraries")),
        ("engine", dict(statement.engine), dict(content.lock.engine)),
        ("constructed", statement.constructed, content.results.get("constructed")),
        ("study", statement.study, content.results.get("study")),
    ]
    differing = sorted({name for name, a, b in pairs if a != b})
    if differing:
        raise TanbiaoError([Problem("seal-parts", args={"parts": ", ".join(differing)})])


def _warnings(
    content: BundleContent,
    statements: Sequence[Statement],
    signers: Sequence[Signer],
    now: dt.datetime | None,
) -> list[Problem]:
    found = []
    last = statements[-1]
    if now is not None and not last.valid_at(now):
        code = "seal-expired" if now > last.valid_until else "seal-not-yet"
        found.append(
            Problem(
                code,
                args={"until": last.valid_until.date().isoformat(), "issued": last.issued.date().isoformat()},
                level="warning",
            )
        )
    for number, signer in enumerate(signers):
        own = {s.thumbprint for s in signers[:number] if s.state == "self"}
        if signer.state != "self" and (number == 0 or signer.thumbprint in own):
            found.append(
                Problem(
                    "seal-body-unsigned",
                    args={"body": signer.body, "certificate": signer.certificate},
                    level="warning",
                )
            )
    if INTENSITIES in content.files:
        name, digest = content.lock.impact_method or ("?", "?")
        found.append(Problem("seal-impacts", args={"name": name, "digest": digest[:16]}, level="warning"))
    if content.confidential:
        found.append(Problem("bundle-confidential", level="warning"))
    return found


def _recomputed(
    found: Verification,
    content: BundleContent,
    statement: Statement,
    evaluate: Evaluate,
    warnings: list[Problem],
) -> Verification:
    ours = engine()
    theirs = dict(content.lock.engine)
    differing = [k for k in sorted({*ours, *theirs}) if ours.get(k) != theirs.get(k)]
    hard = [
        k for k in differing if k != "units"
    ]  # other unit files may well define the units used here alike
    if hard:
        problem = Problem("seal-engine", args={"versions": ", ".join(f"{k}: {theirs.get(k)}" for k in hard)})
        return replace(found, verdict="cannot recompute", problems=(problem, *warnings))
    try:
        with content.extracted() as folder:
            rerun = evaluate(folder.root)
        problems = tuple(_differences(content, statement, rerun.run))
    except LibraryUnavailable as error:
        return replace(found, problems=(*warnings, *error.problems))
    except TanbiaoError as error:
        return _failed(found, error.problems, warnings, differing)
    except (
        Exception
    ) as error:  # a bundle comes from strangers: whatever its content does to us is its failure
        problems = (Problem("seal-crash", args={"detail": f"{type(error).__name__}: {error}"[:200]}),)
        return _failed(found, problems, warnings, differing)
    if problems:
        return _failed(found, problems, warnings, differing)
    return replace(found, level=LICENSED if rerun.own_library else RECOMPUTED, problems=tuple(warnings))


def _failed(
    found: Verification, problems: Sequence[Problem], warnings: Sequence[Problem], differing: Sequence[str]
) -> Verification:
    """A failure; or, when the unit file is another one, which may be the cause, no judgement."""
    if differing:
        engine_problem = Problem("seal-engine", args={"versions": ", ".join(differing)})
        return replace(found, verdict="cannot recompute", problems=(engine_problem, *problems, *warnings))
    return replace(found, verdict="failed", problems=(*problems, *warnings))


def _differences(content: BundleContent, statement: Statement, again: Evaluated) -> list[Problem]:
    results = results_data(again, "all")
    found = []
    own = said(again.study)
    other = sorted(k for k, v in own.items() if getattr(statement, k) != v)
    if other:
        found.append(Problem("seal-said", args={"parts": ", ".join(other)}))
    for code, name, signed in (
        ("seal-packs", "packs", statement.packs),
        ("seal-libraries", "libraries", statement.libraries),
    ):
        if results[name] != dict(signed):
            names = sorted({k for k, _ in {*results[name].items()} ^ {*signed.items()}})
            found.append(Problem(code, args={name: ", ".join(names)}))
    one, two = content.ledger.entries, again.ledger.entries
    if again.ledger.root != statement.ledger_root or one.keys() != two.keys():
        names = sorted({(two.get(k) or one[k]).name for k in one.keys() ^ two.keys()})
        found.append(Problem("seal-root", args={"entries": ", ".join(names[:12])}))
    rows = evidence_data(again.study, confidential=False)["rows"]
    stored_rows = json.loads(content.files[EVIDENCE])["rows"]
    for code, names in (
        ("seal-figures", list(differing_figures(statement.figures, measured(again)))),
        ("seal-values", differing_results(content.results.get("results", ()), results["results"])),
        ("seal-values", differing_values(content.ledger, again.ledger)),
        ("seal-findings", differing_findings(content.results["findings"], results["findings"])),
        ("seal-evidence", sorted({k for k, _ in {*rows.items()} ^ {*stored_rows.items()}})),
    ):
        if names:
            found.append(Problem(code, args={"names": ", ".join(names[:12])}))
    if {k: v.data() for k, v in statement.conformity.items()} != results["conformity"]:
        found.append(Problem("seal-conformity"))
    return found


__all__ = [
    "DIGESTS",
    "LEVELS",
    "LICENSED",
    "RECOMPUTED",
    "VERDICTS",
    "Evaluate",
    "LibraryUnavailable",
    "Rerun",
    "Signer",
    "Verification",
    "verify",
]
