"""Run a study: read it, resolve its packs and libraries, evaluate every pack over the one set of facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError
from ..core.text import default_lang
from ..evaluate import Background, Evaluation, Ledger, Result, evaluate_rulebook, resolve_facts
from ..evaluate.background import from_library, with_impacts
from ..evaluate.explain import Explained, explain, named
from ..evaluate.impacts import impacts_data
from ..evaluate.improve import improvements
from ..library import Library, Part
from ..library.intensity import Impacts
from ..standards import Rulebook, resolve
from ..study import Study, read_study
from ..study.roll import stale_data
from .impact_method import impacts_of
from .places import Places

DEFAULT_GWP = "AR6"


@dataclass(frozen=True, eq=False)
class Run:
    """A study with what follows from it under each of its packs. Recompute it rather than edit it."""

    study: Study
    results: tuple[Result, ...]
    ledger: Ledger
    library: Library | None
    """None when the run stands on solved vectors alone."""
    parts: tuple[Part, ...]
    problems: tuple[Problem, ...]
    impacts: Impacts | None = None
    """The study's impact method, where it names one."""

    def rows(self) -> list[dict[str, Any]]:
        """A row for each published quantity, as `pandas.DataFrame(run.rows())` wants them: value and bounds, stages as
        `stage.ID`, gases by position as `position.ID`, all in the published unit."""
        return [
            {
                "pack": p.pack,
                "name": p.name,
                "title": p.title[default_lang()],
                "value": p.value,
                "published": p.published,
                "unit": p.unit,
                "low": p.low,
                "high": p.high,
                "verdict": p.verdict,
                "missing": ", ".join(p.missing),
                "review": p.review,
                "constructed": self.study.constructed,
            }
            | {f"stage.{s.id}": s.value for s in p.stages}
            | {f"position.{k}": v for k, v in p.positions.items()}
            for r in self.results
            for p in r.published
        ]

    def explain(self, name: str = "headline") -> Explained:
        """The tree behind one number of the first pack that has it. Refuses (`explain-unknown`)."""
        return explain(next((r for r in self.results if named(r.rulebook, name)), self.results[0]), name)

    def _repr_html_(self) -> str:
        """The report in a frame of its own, so that none of its style reaches the notebook."""
        from ..present.report import render_report

        page = render_report(self.study, self.results, self.ledger, _some(self.library), default_lang())
        return f'<iframe srcdoc="{escape(page)}" style="width:100%;height:42em;border:0"></iframe>'

    @property
    def failing(self) -> bool:
        """Whether any must or refuse check fails."""
        return any(
            f.verdict == "fail" and f.severity in ("must", "refuse") for r in self.results for f in r.findings
        )

    def data(self) -> dict[str, Any]:
        """The JSON of `tanbiao run --json`."""
        return {
            "study": self.study.id,
            "constructed": self.study.constructed,
            "results": [p.data() for r in self.results for p in r.published],
            "findings": [
                f.data() | {"pack": r.rulebook.pack.version} for r in self.results for f in r.findings
            ],
            "conformity": {r.rulebook.pack.version: r.conformity().data() for r in self.results},
            "improvements": [
                i.data() | {"pack": r.rulebook.pack.version}
                for r in self.results
                for i in improvements(self.study, r)
            ],
            "problems": [p.data() for p in self.problems],
            "ledger_root": self.ledger.root,
            "packs": {k: v for r in self.results for k, v in r.rulebook.digests.items()},
            "libraries": {f"{p.id}@{p.version}": p.digest for p in self.parts},
            **({"impact_method": impacts_data(self.impacts, self.results)} if self.impacts else {}),
        }


def load(path: str | Path, places: Places | None = None) -> LoadedStudy:
    """Load a study: `tanbiao.load("examples/lfp-pack").run()`."""
    study, problems = read_study(Path(path))
    return LoadedStudy(study, (*problems, *stale_data(study)), places or Places())


@dataclass(frozen=True, eq=False)
class LoadedStudy:
    """A study that was read, with the problems of its form."""

    study: Study
    problems: tuple[Problem, ...]
    places: Places

    def run(self, packs: Sequence[str] = ()) -> Run:
        """Evaluate under the study's packs, or under those named. Raises `TanbiaoError` with every problem."""
        return run_study(self, packs)


def run_study(loaded: LoadedStudy, packs: Sequence[str] = (), held: Held | None = None) -> Run:
    """Evaluate each pack over the study's facts, all into one ledger. Raises `TanbiaoError` with every problem.

    held: backgrounds to use in place of the study's libraries.
    """
    run, problems = _evaluate(loaded, packs, tolerant=False, held=held)
    if run is None:
        raise TanbiaoError(problems)
    return run


def check_study(loaded: LoadedStudy, packs: Sequence[str] = ()) -> tuple[list[Problem], Run | None]:
    """Everything missing or wrong in one go: problems of form, and the findings that can still be judged beside them.

    The run is None when there is nothing to judge (no pack or no library can be read); where problems are errors its
    results must not be shown.
    """
    run, problems = _evaluate(loaded, packs, tolerant=True)
    return problems, run


@dataclass(frozen=True, eq=False)
class Held:
    """Backgrounds by GWP set, and the libraries they come from, where no library itself is at hand."""

    background: Callable[[str], Background]
    parts: tuple[Part, ...]
    impacts: Impacts | None = None


def _evaluate(
    loaded: LoadedStudy, packs: Sequence[str], tolerant: bool, held: Held | None = None
) -> tuple[Run | None, list[Problem]]:
    study, places = loaded.study, loaded.places
    problems = list(loaded.problems)
    rulebooks = _rulebooks(study, packs or study.packs, places, problems)
    library = _library(study, places, problems) if held is None else None
    impacts = held.impacts if held is not None else _impacts(study, library, places, problems)
    resolved = []
    asked = {
        c.name
        for b in (*rulebooks, *_others(study, packs, places))
        for c in b.of_kind("given")
        if c.value_kind == "table"
    }
    for rulebook in rulebooks:
        facts, found = resolve_facts(study, rulebook, asked)
        problems += found
        resolved.append((rulebook, facts))
    problems = _once(problems)
    wrong = any(p.level == "error" for p in problems)
    if (library is None and held is None) or not resolved or (wrong and not tolerant):
        return None, problems
    ledger = Ledger()
    results = []
    backgrounds: dict[str, Background] = {}
    for rulebook, facts in resolved:
        gwp = _gwp(rulebook)
        if gwp not in backgrounds:
            solved = (
                held.background(gwp)
                if held is not None
                else from_library(_some(library), gwp, cache=places.cache)
            )
            backgrounds[gwp] = with_impacts(solved, impacts)
        evaluation = Evaluation(rulebook, facts, backgrounds[gwp], ledger, tolerant=tolerant)
        results.append(evaluate_rulebook(rulebook, facts, backgrounds[gwp], ledger, evaluation))
        problems += evaluation.problems
    problems = _once(problems)
    if not tolerant and any(p.level == "error" for p in problems):
        return None, problems
    parts = held.parts if held is not None else _some(library).parts
    return Run(study, tuple(results), ledger, library, parts, tuple(problems), impacts), problems


def _some(library: Library | None) -> Library:
    assert library is not None
    return library


def _once(problems: list[Problem]) -> list[Problem]:
    """Each problem once, whatever clauses met it."""
    first: dict[object, Problem] = {}
    for problem in problems:
        first.setdefault((problem.code, str(problem.place), tuple(problem.args.items())), problem)
    return list(first.values())


def _others(study: Study, packs: Sequence[str], places: Places) -> list[Rulebook]:
    """The study's further packs, when only some are evaluated: their tables are not unknown."""
    return _rulebooks(study, [p for p in study.packs if p not in packs], places, []) if packs else []


def _rulebooks(study: Study, names: Sequence[str], places: Places, problems: list[Problem]) -> list[Rulebook]:
    rulebooks = []
    for name in names:
        try:
            rulebook, found = resolve(name, places.pack_roots)
            problems += found
            rulebooks.append(rulebook)
        except TanbiaoError as error:
            problems += [
                p if p.code != "pack-unknown" else Problem(p.code, study.place_of("packs"), p.args)
                for p in error.problems
            ]
    return rulebooks


def _library(study: Study, places: Places, problems: list[Problem]) -> Library | None:
    try:
        return places.library(study.libraries or ("open-2026",), study.path)
    except TanbiaoError as error:
        problems += [
            p if p.place.file else Problem(p.code, Place("study.yaml"), p.args) for p in error.problems
        ]
        return None


def _impacts(
    study: Study, library: Library | None, places: Places, problems: list[Problem]
) -> Impacts | None:
    if library is None:
        return None
    try:
        return impacts_of(study, library, places)
    except TanbiaoError as error:
        problems += error.problems
        return None


def _gwp(rulebook: Rulebook) -> str:
    """The GWP set a rulebook settles: the value of its clause `gwp_set`, else the newest."""
    clause = rulebook.clauses.get("gwp_set")
    if clause is not None and clause.value is not None:
        return str(clause.value.data)
    return DEFAULT_GWP
