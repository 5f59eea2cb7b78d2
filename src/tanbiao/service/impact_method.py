"""The impact method of a study (`impact_method` in study.yaml): read with every problem, and solved over the study's
libraries when a pack's formula first asks for a category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.digest import digest
from ..core.errors import Problem, TanbiaoError, refuse
from ..core.text import Text, plain
from ..exchange.impact_methods import read_impact_methods
from ..library import Library, compile_library
from ..library.elementary import Elementary
from ..library.impacts import assess, entries
from ..library.intensity import FlowSaid, Impacts, Intensities, Intensity, Taken
from ..library.methods import Method
from ..library.methods import Places as Stand
from ..study import Study
from .impacts import elementary_of, gas_names
from .method_tables import files_digest, read_flow_mapping
from .places import Places

KEY = "impact_method"
PARTS = ("path", "categories", "units", "places", "mapping")


def impacts_of(study: Study, library: Library, places: Places) -> Impacts | None:
    """None where the study names no method. Raises `TanbiaoError` with every problem of the key, the method and the
    libraries' elementary flows."""
    said = plain(study.head.get(KEY)) if study.head.get(KEY) else None
    if said is None or (isinstance(said, dict) and not _given(said)):
        return None  # a form whose lines are still empty
    if places.impacts is not None:
        return places.impacts
    if not places.reads_own_files:
        raise refuse(
            "file-missing", study.place_of(KEY), file=said.get("path") if isinstance(said, dict) else KEY
        )
    home = study.path if study.path.is_dir() else study.path.parent
    problems = _key_problems(study, said, home)
    if problems:
        raise TanbiaoError(problems)
    path = home / str(said["path"])
    methods = read_impact_methods(path)
    categories = {str(k): str(v) for k, v in (said.get("categories") or {}).items() if v}
    stated = {str(k): str(v) for k, v in (said.get("units") or {}).items() if v}
    mapping_path = home / str(said["mapping"]) if said.get("mapping") else None
    mapping = read_flow_mapping(mapping_path) if mapping_path else None
    nature, problems = elementary_of(study.libraries or ("open-2026",), places, study.path)
    problems += _category_problems(study, categories, stated, methods)
    if problems:
        raise TanbiaoError(problems)
    stand = Stand(default=(*map(str, said.get("places") or ()), ""))
    return Impacts(
        path.name,
        digest(
            {
                "method": files_digest(path),
                "mapping": files_digest(mapping_path) if mapping_path else "",
                "elementary": nature.digest if len(nature) else "",
                "said": {k: said[k] for k in ("categories", "units", "places") if said.get(k)},
            }
        ),
        _units(methods, categories, stated),
        categories,
        {f.id: FlowSaid(Text(f.name_zh, f.name_en), f.unit, f.compartment) for f in nature.flows},
        _Solved(library, nature, methods, stand, mapping, places),
    )


class _Solved:
    """Intensities, the libraries solved and characterised when the first is asked for."""

    def __init__(
        self,
        library: Library,
        nature: Elementary,
        methods: Mapping[str, Method],
        stand: Stand,
        mapping: Mapping[str, tuple[str, float]] | None,
        places: Places,
    ) -> None:
        self.library, self.nature, self.methods, self.places = library, nature, methods, places
        self.stand, self.mapping = stand, mapping
        self.found: Intensities | None = None

    def __call__(self, taken: Sequence[Taken]) -> Mapping[Taken, Intensity]:
        if self.found is None:
            self.found = self.solve()
        return self.found(taken)

    def solve(self) -> Intensities:
        names = gas_names()
        compiled = compile_library(
            self.library, "AR6", cache=self.places.cache
        )  # links alone; any set will do
        table = entries(self.library, compiled, self.nature, names)
        methods = [self.methods[m] for m in sorted(self.methods)]
        return Intensities(
            self.library,
            assess(compiled, table, methods, self.stand, self.mapping),
            frozenset(self.nature.processes),
            self.nature,
            names,
            self.stand,
            self.mapping,
        )


def _given(said: Any) -> bool:
    return any(map(_given, said.values())) if isinstance(said, dict) else bool(said)


def _key_problems(study: Study, said: Any, home: Path) -> list[Problem]:
    if not isinstance(said, dict) or not said.get("path"):
        return [Problem("impact-method-key", study.place_of(KEY), {"key": "path", "known": ", ".join(PARTS)})]
    found = [
        Problem("impact-method-key", study.place_of(f"{KEY}.{k}"), {"key": str(k), "known": ", ".join(PARTS)})
        for k, v in said.items()
        if k not in PARTS
        or (k in ("categories", "units") and not isinstance(v or {}, dict))
        or (k == "places" and not isinstance(v or [], list))
    ]
    for key in ("path", "mapping"):
        if said.get(key) and not (home / str(said[key])).exists():
            found.append(Problem("file-missing", study.place_of(f"{KEY}.{key}"), {"file": str(said[key])}))
    return found


def _category_problems(
    study: Study, categories: Mapping[str, str], stated: Mapping[str, str], methods: Mapping[str, Method]
) -> list[Problem]:
    known = "; ".join(sorted(methods))
    found = [
        Problem(
            "impact-method-category",
            study.place_of(f"{KEY}.categories.{word}"),
            {"category": c, "categories": known},
        )
        for word, c in categories.items()
        if c not in methods
    ]
    return found + [
        Problem(
            "impact-method-category",
            study.place_of(f"{KEY}.units.{word}"),
            {"category": word, "categories": "; ".join([*categories, *sorted(methods)])},
        )
        for word in stated
        if word not in categories and word not in methods
    ]


def _units(
    methods: Mapping[str, Method], categories: Mapping[str, str], stated: Mapping[str, str]
) -> dict[str, str]:
    own = {categories.get(word, word): text for word, text in stated.items()}
    return {name: own.get(name) or m.unit for name, m in methods.items()}
