"""A report while it is written: the study and its results in one language, and the words every section uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...core.errors import Lang
from ...core.value import KNOWN
from ...evaluate import Ledger, Result
from ...library import Library
from ...standards.clause import Clause
from ...study import Study, Table
from .. import figures
from ..declared import PATHS, as_text, said
from ..document import Block, Cell, Drawing, Pairs, Words
from ..numbers import short, unit_text
from ..texts import phrase, word
from .naming import missing_text


class Report:
    """One study in one language; remembers what is printed already and how many figures it has."""

    def __init__(
        self, study: Study, results: Sequence[Result], ledger: Ledger, library: Library, lang: Lang
    ) -> None:
        self.study, self.results, self.ledger, self.library, self.lang = (
            study,
            tuple(results),
            ledger,
            library,
            lang,
        )
        self.several = len(self.results) > 1
        self.printed: set[str] = set()
        self.figure = 0
        self.explained = {k: r for r in reversed(self.results) for k in self.reach(self.roots(r))}

    def t(self, key: str, **args: object) -> str:
        return phrase(f"report.{key}", self.lang, **args)

    def item(self, key: str) -> str:
        self.printed.update(PATHS[key])
        return said(self.study, key, self.lang)

    def pairs(self, rows: Iterable[tuple[str, str]]) -> Pairs:
        return Pairs(tuple((name, Cell(text)) for name, text in rows if text))

    def comma(self, parts: Iterable[str]) -> str:
        return ("、" if self.lang == "zh" else ", ").join(parts)

    def colon(self) -> str:
        return "：" if self.lang == "zh" else ": "

    def anchor(self, entry: str) -> str:
        """A link to the entry's place in the appendix, empty where it is not printed there."""
        return f"#e-{entry[:12]}" if entry in self.explained else ""

    def pack_title(self, result: Result) -> str:
        return result.rulebook.pack.title[self.lang]

    def drawing(self, chart: Any, alt: str) -> Drawing:
        self.figure += 1
        return Drawing(figures.svg(chart, f"f{self.figure}"), alt)

    def screened(self) -> list[Result]:
        return [r for r in self.results if r.headline is not None and r.headline.verdict == "screening"]

    def brackets(self, text: str) -> str:
        return f"（{text}）" if self.lang == "zh" else f" ({text})"

    def steps(self) -> dict[str, str]:
        """Names of the study's step tags: the stage they belong to, in the words of the first pack that maps them."""
        for result in self.results:
            headline = next((c for c in result.rulebook.of_kind("publish") if c.headline and c.stages), None)
            if headline is not None:
                values = result.rulebook.tables[headline.stages].values
                return {
                    str(t): str(n) for t, n in zip(values["tag"].data, values[self.lang].data, strict=True)
                }
        return {}

    def table(self, name: str) -> Table | None:
        return next((t for k, t in self.study.tables.items() if k in (name, f"{name}s", f"{name}es")), None)

    def named(self, row: Mapping[str, str], key: str) -> str:
        return (
            row.get(f"{key}_{self.lang}")
            or row.get(key)
            or row.get(f"{key}_en")
            or row.get(f"{key}_zh")
            or ""
        )

    @property
    def climate(self) -> bool:
        """Whether a carbon footprint is among what is published."""
        return any("CO2e" in p.unit for r in self.results for p in r.published)

    @property
    def beyond_climate(self) -> bool:
        """Whether a pack publishes impact categories beside climate change (`mol H+ eq`)."""
        return any(" eq" in p.unit and "CO2" not in p.unit for r in self.results for p in r.published)

    def givens(self, *prefixes: str, but: Sequence[str] = ()) -> list[tuple[str, str]]:
        """What the packs ask for under these paths and the study gives, each once."""
        found = []
        for result in self.results:
            for clause in result.rulebook.of_kind("given"):
                path = clause.path
                if (
                    clause.value_kind == "table"
                    or not path.startswith(prefixes)
                    or path in self.printed
                    or any(b in path for b in but)
                ):
                    continue
                text = self.given_text(result, clause)
                if text:
                    self.printed.add(path)
                    found.append((clause.text[self.lang], text))
        return found

    def given_text(self, result: Result, clause: Clause) -> str:
        value = result.evaluation.facts.scalars.get(clause.name)
        raw = self.study.at(clause.path)
        if value is None or value.state != KNOWN:
            return ""
        if "defaulted" in value.provenance:
            shown = str(value.data) if isinstance(value.data, str | bool) else short(float(value.number()))
            shown = shown.lower() if isinstance(value.data, bool) else shown
            return f"{self.code(shown)} {unit_text(clause.unit.text)}".strip() + self.brackets(
                self.t("defaulted")
            )
        text = as_text(raw)
        if text is None and isinstance(raw, list):
            text = as_text([str(v) for v in raw])
        shown = self.code(text[self.lang]) if text is not None else str(value.data)
        if clause.unit.text and shown.replace(".", "").replace("-", "").isdigit():
            shown = f"{shown} {unit_text(clause.unit.text)}"
        amount, gap, unit = shown.partition(" ")
        if len(amount) > 8 and re.fullmatch(r"\d+\.\d+", amount):
            shown = f"{float(amount):.6g}{gap}{unit}"
        return shown + (self.brackets(self.t("estimated")) if "estimated" in value.provenance else "")

    def measure(self, text: str) -> str:
        """An amount with its unit, the unit in the reader's language where it is a word."""
        amount, _, unit = text.partition(" ")
        return f"{amount} {word('unit', unit, self.lang)}" if unit else text

    def code(self, text: str) -> str:
        """Words of a vocabulary in the reader's language, anything else as it stands."""
        found = word("option", text, self.lang)
        return found if found != text else word("unit", text, self.lang)

    def pack_line(self, result: Result) -> list[Block]:
        return (
            [Words(f"{self.pack_title(result)} · {result.rulebook.pack.version}", "lead")]
            if self.several
            else []
        )

    def missing(self, result: Result, names: Sequence[str]) -> list[str]:
        """What is missing in words: a given by its clause's text, a column by its table's."""
        return [missing_text(result, n, self.lang) for n in names]

    def all_packs(self) -> list[Any]:
        return list({p.version: p for r in self.results for p in reversed(r.rulebook.packs)}.values())

    def roots(self, result: Result) -> list[str]:
        """What the appendix explains: every published quantity, every check that fails or cannot be evaluated."""
        found = [p.entry for p in result.published if p.entry]
        for f in result.findings:
            clause = result.rulebook.by_address(f.clause)
            if (
                f.verdict in ("fail", "not_evaluable")
                and clause is not None
                and clause.name in result.evaluation.keys
            ):
                found.append(result.evaluation.keys[clause.name])
        return found

    def reach(self, roots: Sequence[str]) -> list[str]:
        """Entries below the roots, each once, a parent before what it rests on."""
        found: dict[str, None] = {}
        stack = [k for k in reversed(roots) if k in self.ledger.entries]
        while stack:
            key = stack.pop()
            if key in found:
                continue
            found[key] = None
            stack += [
                k
                for _, k in reversed(self.ledger.entries[key].inputs)
                if k in self.ledger.entries and k not in found
            ]
        return list(found)
