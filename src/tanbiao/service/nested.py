"""Studies in studies: what a study makes, as a library that another study lies over its own background.

The library holds the study's lines, after the decisions of one pack: one process for each product, what it buys of the
others and of the background, what it emits. Solving the outer study then is solving both as one system.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import Place, Problem, TanbiaoError, refuse
from ..core.text import Text
from ..evaluate import Result
from ..evaluate.lines import CO2E, Lines
from ..exchange import Head, Loss, Rules, link, write_library
from ..exchange.files import fresh_folder
from ..exchange.model import Exchange, Flow, Inventory, Process
from ..exchange.store import library_id
from ..library import Library
from ..library.intensity import direction_of
from .exchange import _named
from .places import Places
from .run import Run, load, run_study

UNSPLIT = "co2e_unsplit"


@dataclass(frozen=True)
class Nested:
    """What was written. products: id → unit of everything another study may buy; left: lines of accounts other than the
    total, and of stages not asked for, which are in no product."""

    folder: Path
    pack: str
    products: dict[str, str]
    left: int
    losses: tuple[Loss, ...]

    def data(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "pack": self.pack,
            "products": self.products,
            "lines_left_out": self.left,
            "losses": [{"field": x.field, "count": x.count, "example": x.example} for x in self.losses],
        }


def study_library(
    study: str | Path,
    target: Path,
    pack: str = "",
    stages: Sequence[str] = (),
    places: Places | None = None,
) -> Nested:
    """Write the lines of a study under `pack` (its first where empty) as a library folder. stages: those of the pack
    that go into the products, all where none is named.

    Refuses (`nested-library`, `nested-provider`, `nested-stage`, and what running the study refuses).
    """
    loaded = load(study, places)
    run = run_study(loaded, (pack,) if pack else loaded.study.packs[:1])
    result, library = run.results[0], run.library
    if library is None:
        raise refuse("nested-library", Place(str(study)))
    lines = _lines(result)
    known = sorted(set(lines.stage))
    wrong = [s for s in stages if s not in known]
    if wrong:
        raise TanbiaoError(
            [
                Problem("nested-stage", Place(str(study)), {"stage": s, "stages": ", ".join(known)})
                for s in wrong
            ]
        )
    inventory, left = _inventory(run, result, lines, library, stages)
    gases: dict[tuple[str, ...], tuple[str, float, str]] = {
        ("gas", "", g, "", ""): (g, 1.0, "") for g in library.gases
    }
    gases |= {("gas", "", f, "", ""): ("none", 1.0, "") for f in (run.impacts.flows if run.impacts else ())}
    draft = link(inventory, Rules(by_name=False, mapping=gases), _named(library))
    errors = [p for p in draft.problems if p.level == "error"]
    if errors:
        raise TanbiaoError(errors)
    id_, made_up = library_id(run.study.id), run.study.constructed
    version = result.rulebook.pack.version
    head = Head(
        id_,
        title=Text(
            f"研究 {run.study.id} 的产品{'（构造）' if made_up else ''}",
            f"Products of the study {run.study.id}{' (constructed)' if made_up else ''}",
        ),
        licence="the study's own",
        share="digest",
        base="+".join(p.id for p in run.parts),
        caution=Text(
            f"{'构造示例。' if made_up else ''}按 {version} 的决定写出的研究数据行；在别的规则下须重新写出。",
            f"{'Constructed example. ' if made_up else ''}Lines of a study after the decisions of {version}; under "
            "other rules they are to be written again.",
        ),
    )
    with fresh_folder(target) as folder:
        _, losses = write_library(folder, draft, inventory, head, frozenset(library.gases))
    return Nested(target, version, {m.id: m.unit for m in draft.made}, left, losses)


def _lines(result: Result) -> Lines:
    solved = result.evaluation.solved
    if solved is None:
        raise refuse("nested-library", Place(result.rulebook.pack.version))
    return solved.lines


def _inventory(
    run: Run, result: Result, lines: Lines, library: Library, stages: Sequence[str]
) -> tuple[Inventory, int]:
    """One process for each product column; amounts per the product's own amount."""
    exchange = result.evaluation.facts.tables["exchange"]
    process = result.evaluation.facts.tables["process"]
    cell = {n: exchange.columns[n].data for n in ("flow", "unit")}
    zh = exchange.columns.get("flow_zh")
    own = library_id(run.study.id)
    ids = [f"{own}.{exchange.ids[r]}" for r in lines.products]
    inventory = Inventory("tanbiao", f"study {run.study.id}")
    nature = run.impacts.flows if run.impacts is not None else {}
    bought: list[list[Exchange]] = [[] for _ in ids]
    problems: list[Problem] = []

    def flow(ident: str, name: str, unit: str, kind: Any = "product") -> str:
        inventory.flows.setdefault(ident, Flow(id=ident, name={"en": name}, kind=kind, unit=unit))
        return ident

    def take(column: int, flow_id: str, amount: float, unit: str, provider: str, out: bool = False) -> None:
        number = str(len(bought[column]) + 1)
        bought[column].append(
            Exchange(
                number=number,
                flow=flow_id,
                name=inventory.flows[flow_id].name["en"],
                direction="output" if out else "input",
                amount=amount,
                unit=unit,
                provider=provider,
            )
        )

    for k, row in enumerate(lines.products):
        flow(f"flow {ids[k]}", str(cell["flow"][row]), str(cell["unit"][row]))
    for to, source, amount in zip(lines.link_to, lines.link_from, lines.link_amount, strict=True):
        unit = str(cell["unit"][lines.products[int(to)]])
        take(int(source), f"flow {ids[int(to)]}", float(amount), unit, ids[int(to)])
    left = 0
    for n in range(len(lines)):
        column, provider, amount = int(lines.column[n]), lines.provider[n], float(lines.coefficient[n])
        if lines.account[n] != "total" or (stages and lines.stage[n] not in stages):
            left += 1
        elif provider == CO2E or provider in library.gases:
            gas = UNSPLIT if provider == CO2E else provider
            take(column, flow(gas, gas, "kg", "elementary"), amount, "kg", "", out=True)
        elif provider in nature:
            own_flow, at = nature[provider], int(lines.fact_row[n])
            inventory.flows[provider] = Flow(
                id=provider,
                name=own_flow.name.data(),
                kind="elementary",
                unit=own_flow.unit,
                compartment=(own_flow.compartment,),
            )
            out = direction_of(str(exchange.columns["direction"].data[at])) == "output"
            take(column, provider, amount, own_flow.unit, "", out=out)
        elif provider in library.items:
            item = library.items[provider]
            take(column, flow(f"item {provider}", item.name_en, item.unit), amount, item.unit, provider)
        elif provider:
            place = Place("exchanges.csv", path=lines.fact[n])
            problems.append(Problem("nested-provider", place, {"provider": provider, "fact": lines.fact[n]}))
        elif lines.fact_table[n] == "exchange":
            unit = str(cell["unit"][int(lines.fact_row[n])])
            take(column, flow(f"unlinked {lines.fact[n]}", lines.flow[n], unit), amount, unit, "")
        else:
            left += 1
    if problems:
        raise TanbiaoError(problems)
    made = []
    for k, row in enumerate(lines.products):
        owner = int(lines.process_of[k])
        said = str(zh.data[row]) if zh is not None else ""
        name = {
            "en": f"{cell['flow'][row]}, {run.study.id}",
            **({"zh": f"{said}，{run.study.id}"} if said else {}),
        }
        reference = Exchange(
            number="0",
            flow=f"flow {ids[k]}",
            name=str(cell["flow"][row]),
            direction="output",
            amount=float(lines.output[k]),
            unit=str(cell["unit"][row]),
            reference=True,
        )
        home = process.columns["place"].data[owner] if "place" in process.columns and owner >= 0 else ""
        made.append(
            Process(
                id=ids[k],
                name=name,
                exchanges=(reference, *bought[k]),
                place=str(home or "GLO"),
                licence="the study's own",
                source=f"study {run.study.id}, {result.rulebook.pack.version}",
            )
        )
    inventory.processes = tuple(made)
    return inventory, left
