"""Brightway datapackages (bw_processing): matrices as arrays, with a datapackage.json that says what each array is.

Groups of `technosphere_matrix` (row product, column activity; outputs above zero) and `biosphere_matrix` (row
elementary flow) become processes. Of a group are read: `indices`, `data` (vectors), `flip`, `rescale`, `reference`,
`distributions`, as .npy without pickles or as .parquet where pyarrow is installed. Arrays of scenarios (presamples),
interfaces, parameters and characterisation factors are named and not read, as Brightway itself leaves the first three
out of a static calculation.

A package holds integers. Names, units and places come from its CSV metadata, or from a file `names.csv` put beside
datapackage.json, with a column `id` and any of `name`, `reference product`, `unit`, `location`, `categories`, `cas`. An
object without a name keeps its integer; an elementary flow without one may be a greenhouse gas and is reported.

Experimental: read from packages that bw_processing 1.6 writes and checked against matrix_utils and bw2calc; no package
of a real database was at hand.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import TanbiaoError
from .arrays import npy, parquet
from .brightway import compartment_of, is_resource, uncertainty_of
from .model import Exchange, Flow, FlowKind, Inventory, Process, Uncertainty
from .source import Source, lines_of

if TYPE_CHECKING:
    import numpy as np

NAME = "datapackage"
TECHNOSPHERE, BIOSPHERE, CHARACTERIZATION = (
    "technosphere_matrix",
    "biosphere_matrix",
    "characterization_matrix",
)
NAMES = "names.csv"
DEFAULT_LICENCE = "ODC-PDDL-1.0"
"""bw_processing writes it into every package whose maker says nothing: it is nobody's word."""
MAX_RESOURCES = 10_000


def recognises(source: Source) -> bool:
    """Whether there is a datapackage.json that speaks of matrices."""
    name = _descriptor(source)
    return name is not None and b'"matrix"' in source.head(name, 1_000_000)


def _descriptor(source: Source) -> str | None:
    found = [e.name for e in source.entries if e.name.rsplit("/", 1)[-1] == "datapackage.json"]
    return min(found, key=lambda n: n.count("/")) if found and not source.single else None


def read(source: Source, keep: bool = True) -> Inventory:
    """Every column of the technosphere as a process; a broken array leaves its group out and is reported."""
    inventory = Inventory(NAME, source.name, experimental=True)
    name = _descriptor(source)
    try:
        if name is None:
            raise ValueError("no datapackage.json")
        said = json.loads(source.text(name))
        resources = said.get("resources") if isinstance(said, dict) else None
        if not isinstance(resources, list) or not all(isinstance(r, dict) for r in resources):
            raise ValueError("datapackage.json has no list of resources")
        if len(resources) > MAX_RESOURCES:
            raise ValueError(f"more than {MAX_RESOURCES} resources")
        package = _Package(source, name.removesuffix("datapackage.json"), said, inventory, keep)
        inventory.processes = package.processes()
    except TanbiaoError as error:
        inventory.problems.extend(error.problems)
    except (ValueError, RecursionError) as error:
        inventory.report("exchange-entity", source.place(name or source.name), detail=str(error)[:200])
    return inventory


@dataclass(frozen=True)
class Node:
    """What metadata say of one integer; every part may be empty."""

    name: str = ""
    product: str = ""
    unit: str = ""
    place: str = ""
    categories: str = ""
    cas: str = ""
    zh: str = ""


_FIELDS = {
    "name": ("name",),
    "product": ("reference product", "product"),
    "unit": ("unit",),
    "place": ("location", "place"),
    "categories": ("categories",),
    "cas": ("cas", "cas number"),
    "zh": ("name zh", "name_zh"),
}


@dataclass
class _Entries:
    """The entries of one matrix, one array for each column: row and column ids, signed value (as it stands in the
    matrix), whether it was flipped, whether it is marked as reference, its distribution (or -1)."""

    row: np.ndarray
    col: np.ndarray
    value: np.ndarray
    flip: np.ndarray
    rescale: np.ndarray
    reference: np.ndarray
    distribution: np.ndarray

    def __getitem__(self, at: Any) -> _Entries:
        return _Entries(*(getattr(self, f)[at] for f in _Entries.__dataclass_fields__))


class _Package:
    def __init__(
        self, source: Source, root: str, said: Mapping[str, Any], inventory: Inventory, keep: bool
    ) -> None:
        self.source, self.root, self.said, self.inventory, self.keep = source, root, said, inventory, keep
        self.resources: list[dict[str, Any]] = said["resources"]
        self.distributions: list[Any] = []
        self.nodes = self._names()
        self._heads()

    # -- metadata ------------------------------------------------------------------------------------------------

    def _heads(self) -> None:
        losses = self.inventory.losses
        for licence in self.said.get("licenses") or []:
            name = str(licence.get("name") if isinstance(licence, dict) else licence)
            losses.add(
                f"licence {name}"
                + (": written by bw_processing by default, not taken over" if name == DEFAULT_LICENCE else "")
            )
        for r in self.resources:
            kind = str(r.get("kind") or "")
            if r.get("matrix") == CHARACTERIZATION and kind == "data":
                losses.add("characterization_matrix: factors are those of this program", str(r.get("group")))
            elif kind in ("params", "param_labels") or r.get("mediatype") == "application/json":
                losses.add("parameters", str(r.get("name")))

    def _names(self) -> dict[tuple[str, str, int], Node]:
        """(matrix, `rows` or `cols`, id) → what metadata say; matrix and axis are empty where it holds for all."""
        matrix_of = {
            str(r.get("group")): str(r.get("matrix") or "") for r in self.resources if r.get("group")
        }
        nodes: dict[tuple[str, str, int], Node] = {}
        for r in self.resources:
            if str(r.get("path", "")).lower().endswith(".csv"):
                axes = [
                    (matrix_of.get(str(v[0]), ""), str(v[1]))
                    for v in r.get("valid_for") or []
                    if isinstance(v, list) and len(v) == 2
                ]
                self._table(self.root + str(r["path"]), axes or [("", "")], nodes)
        if self.root + NAMES in self.source:
            self._table(self.root + NAMES, [("", "")], nodes)
        return nodes

    def _table(self, name: str, axes: list[tuple[str, str]], nodes: dict[tuple[str, str, int], Node]) -> None:
        place = self.source.place(name)
        if name not in self.source:
            self.inventory.report("exchange-datapackage-absent", place, path=name)
            return
        try:
            reader = csv.DictReader(lines_of(self.source.text(name)))
            heads = {(h or "").strip().lower(): h for h in reader.fieldnames or ()}
            if "id" not in heads:
                self.inventory.report("exchange-datapackage-names", place, columns=", ".join(heads))
                return
            for row in reader:
                cells = {h: str(row.get(raw) or "").strip() for h, raw in heads.items()}
                if not cells["id"].lstrip("-").isdigit():
                    self.inventory.report("number-expected", place, text=cells["id"][:60])
                    continue
                node = Node(
                    **{
                        field: next((cells[h] for h in said if cells.get(h)), "")
                        for field, said in _FIELDS.items()
                    }
                )
                for matrix, axis in axes:
                    nodes[(matrix, axis, int(cells["id"]))] = node
        except csv.Error as error:
            self.inventory.report("library-csv", place, detail=error)
        except TanbiaoError as error:
            self.inventory.problems.extend(error.problems)

    def node(self, matrix: str, axis: str, ident: int) -> Node:
        return (
            self.nodes.get((matrix, axis, ident))
            or self.nodes.get(("", "", ident))
            or self.nodes.get((TECHNOSPHERE, "cols" if axis == "rows" else "rows", ident))
            or Node()
        )

    # -- arrays --------------------------------------------------------------------------------------------------

    def _groups(self, matrix: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Group → kind → resource of a matrix, in the order in which groups are first met. Names that end in
        `.data` and the like say the kind where it is not given."""
        out: dict[str, dict[str, dict[str, Any]]] = {}
        for r in self.resources:
            if r.get("matrix") in (matrix, matrix.removesuffix("_matrix")):
                group = str(r.get("group") or str(r.get("name") or "").rpartition(".")[0])
                kind = str(r.get("kind") or str(r.get("name") or "").rpartition(".")[2])
                out.setdefault(group, {})[kind] = r
        return out

    def entries(self, matrix: str) -> _Entries | None:
        """All entries of a matrix; within a group and between groups duplicates are summed or the last one holds, as
        the package says. None where there is none."""
        import numpy as np

        parts = []
        for group, kinds in self._groups(matrix).items():
            try:
                part = self._group(group, kinds)
            except (ValueError, KeyError, TypeError, OverflowError) as error:
                where = self.source.place(self.root + str(kinds.get("indices", {}).get("path") or group))
                self.inventory.report("exchange-entity", where, detail=f"{group}: {error}"[:200])
                continue
            except TanbiaoError as error:
                self.inventory.problems.extend(error.problems)
                continue
            if part is not None:
                parts.append(part if self.said.get("sum_intra_duplicates", True) else _last(part))
        if not parts:
            return None
        whole = _Entries(
            *(np.concatenate([getattr(p, f) for p in parts]) for f in _Entries.__dataclass_fields__)
        )
        if len(parts) > 1 and not self.said.get("sum_inter_duplicates", False):
            whole = _later(whole, np.repeat(np.arange(len(parts)), [len(p.row) for p in parts]))
        absent = np.isnan(whole.value)
        return whole[~absent] if absent.any() else whole

    def _group(self, group: str, kinds: Mapping[str, Mapping[str, Any]]) -> _Entries | None:
        import numpy as np

        data = kinds.get("data")
        if data is None or "indices" not in kinds:
            self.inventory.losses.add("group without data or indices", group)
            return None
        place = self.source.place(self.root + str(data.get("path") or group))
        if data.get("profile") == "interface" or not data.get("path"):
            self.inventory.report("exchange-datapackage-interface", place, "warning", group=group)
            return None
        if data.get("category") == "array":
            self.inventory.report(
                "exchange-datapackage-scenarios", place, "warning", group=group, rows=data.get("nrows", "?")
            )
            return None
        indices = self._array(kinds["indices"])
        if indices.ndim != 1 or not {"row", "col"} <= set(indices.dtype.names or ()):
            raise ValueError("the indices are no list of row and col")
        row, col = (np.ascontiguousarray(indices[f]) for f in ("row", "col"))
        if row.dtype.kind not in "iu" or col.dtype.kind not in "iu":
            raise ValueError("the indices are no integers")
        n = len(indices)

        def column(kind: str, otherwise: Any, dtype: type) -> np.ndarray:
            if kind not in kinds:
                return np.full(n, otherwise, dtype=dtype)
            found = self._array(kinds[kind])
            if found.shape != (n,) or found.dtype.kind not in "fiub":
                raise ValueError(f"{kind} has the shape {found.shape}, the indices {n} rows")
            return found.astype(dtype)

        value, flip = column("data", 0.0, float), column("flip", False, bool)
        rescale, reference = column("rescale", 1.0, float), column("reference", False, bool)
        spread = np.full(n, -1, dtype=np.int64)
        if "distributions" in kinds:
            found = self._array(kinds["distributions"])
            if found.shape != (n,) or "uncertainty_type" not in (found.dtype.names or ()):
                raise ValueError(f"distributions have the shape {found.shape}, the indices {n} rows")
            some = np.flatnonzero(found["uncertainty_type"] > 1)
            spread[some] = len(self.distributions) + np.arange(len(some))
            self.distributions.extend(found[some])
        value = np.where(flip, -value, value) * rescale
        return _Entries(row.astype(np.int64), col.astype(np.int64), value, flip, rescale, reference, spread)

    def _array(self, resource: Mapping[str, Any]) -> np.ndarray:
        path = self.root + str(resource.get("path") or "")
        if path not in self.source:
            raise ValueError(f"{path} is not there")
        data = self.source.read(path)
        return parquet(data) if path.lower().endswith(".parquet") else npy(data)

    # -- processes -----------------------------------------------------------------------------------------------

    def processes(self) -> Iterator[Process]:
        technosphere = self.entries(TECHNOSPHERE)
        if technosphere is None:
            self.inventory.report(
                "exchange-datapackage-empty", self.source.place(self.root + "datapackage.json")
            )
            return iter(())
        references = self._references(technosphere)
        producers: dict[int, list[int]] = defaultdict(list)
        amount_of: dict[int, float] = {}
        for column, products in references.items():
            for product, amount in products.items():
                producers[product].append(column)
                amount_of[product] = amount
        nature = self.entries(BIOSPHERE)
        self._flows(technosphere, nature, amount_of)
        of = {int(c): technosphere[at] for c, at in _by_column(technosphere)}
        emitted = {int(c): nature[at] for c, at in _by_column(nature)} if nature is not None else {}
        for column in sorted(set(emitted) - set(of)):
            self.inventory.report(
                "exchange-datapackage-column", self.source.place(self.root), "warning", column=column
            )
        self.inventory.expected = len(of)
        self._nameless(of)
        return (
            self._process(c, of[c], emitted.get(c), references[c], producers, amount_of) for c in sorted(of)
        )

    def _nameless(self, columns: Mapping[int, _Entries]) -> None:
        processes = sum(not self.node(TECHNOSPHERE, "cols", c).name for c in columns)
        flows = sum(not f.name for f in self.inventory.flows.values())
        if processes or flows:
            self.inventory.report(
                "exchange-datapackage-nameless",
                self.source.place(self.root + "datapackage.json"),
                "warning",
                processes=processes,
                flows=flows,
            )

    def _references(self, t: _Entries) -> dict[int, dict[int, float]]:
        """Column → its reference products and their amounts: those marked; else what was not flipped on the diagonal;
        else the only output that no other column has."""
        import numpy as np

        made = Counter(t.row[t.value > 0].tolist())
        out: dict[int, dict[int, float]] = {}
        for column, at in _by_column(t):
            e = t[at]
            chosen = e.reference
            if not chosen.any():
                chosen = (e.row == column) & ~e.flip & (e.value != 0)
            if not chosen.any():
                own = (e.value > 0) & np.array([made[int(r)] == 1 for r in e.row])
                chosen = own if len(set(e.row[own].tolist())) == 1 else np.zeros(len(e.row), dtype=bool)
            found: dict[int, float] = {}
            for r, v in zip(e.row[chosen].tolist(), e.value[chosen].tolist(), strict=True):
                found[r] = found.get(r, 0.0) + v
            t.reference[at] = chosen
            out[int(column)] = found
        return out

    def _flows(self, t: _Entries, nature: _Entries | None, amount_of: Mapping[int, float]) -> None:
        flows = self.inventory.flows
        for product in sorted(set(t.row.tolist())):
            node = self.node(TECHNOSPHERE, "rows", product)
            kind: FlowKind = "waste" if amount_of.get(product, 1.0) < 0 else "product"
            flows[f"p{product}"] = _flow(f"p{product}", node, kind, node.product or node.name or str(product))
        for ident in sorted(set(nature.row.tolist())) if nature is not None else ():
            node = self.node(BIOSPHERE, "rows", ident)
            flows[f"b{ident}"] = _flow(f"b{ident}", node, "elementary", node.name)

    def _process(
        self,
        column: int,
        bought: _Entries,
        emitted: _Entries | None,
        references: Mapping[int, float],
        producers: Mapping[int, list[int]],
        amount_of: Mapping[int, float],
    ) -> Process:
        node = self.node(TECHNOSPHERE, "cols", column)
        exchanges = [
            Exchange(
                number=f"r{product}",
                flow=f"p{product}",
                name=self._said(f"p{product}"),
                direction="output",
                amount=amount,
                unit=self.inventory.flows[f"p{product}"].unit,
                reference=True,
            )
            for product, amount in references.items()
        ]
        for k in range(len(bought.row)):
            if not bought.reference[k] and bought.value[k]:
                exchanges.append(self._technosphere(k, column, bought, producers, amount_of))
        for k in range(len(emitted.row)) if emitted is not None else ():
            assert emitted is not None
            flow = self.inventory.flows[f"b{emitted.row[k]}"]
            exchanges.append(
                Exchange(
                    number=f"b{k}",
                    flow=flow.id,
                    name=self._said(flow.id),
                    direction="input" if is_resource(flow.compartment) else "output",
                    amount=float(emitted.value[k]),
                    unit=flow.unit,
                    uncertainty=self._uncertainty(emitted, k),
                )
            )
        return Process(
            id=str(column),
            name={"en": node.name or str(column), **({"zh": node.zh} if node.zh else {})},
            exchanges=tuple(exchanges),
            place=node.place,
            where=f"{self.root}datapackage.json#column {column}",
        )

    def _technosphere(
        self,
        k: int,
        column: int,
        e: _Entries,
        producers: Mapping[int, list[int]],
        amount_of: Mapping[int, float],
    ) -> Exchange:
        """What an entry beside the reference means. Below zero: bought. Above zero: sent to the column that treats it,
        or, where other columns make the same product, put in its place, as the matrix has it; else a co-product."""
        product, value = int(e.row[k]), float(e.value[k])
        made = producers.get(product, [])
        treated = amount_of.get(product, 1.0) < 0
        output = value > 0 and (treated or not made)
        avoided = value > 0 and not output
        if value < 0 and treated:
            self.inventory.report(
                "exchange-datapackage-waste-sign",
                self.source.place(self.root + "datapackage.json"),
                "warning",
                column=column,
                product=product,
            )
        flow = f"p{product}"
        return Exchange(
            number=f"t{k}",
            flow=flow,
            name=self._said(flow),
            direction="output" if output else "input",
            amount=abs(value),
            unit=self.inventory.flows[flow].unit,
            avoided=avoided,
            provider=str(made[0]) if len(made) == 1 else "",
            uncertainty=self._uncertainty(e, k),
        )

    def _said(self, flow: str) -> str:
        return self.inventory.flows[flow].name.get("en", "") or flow[1:]

    def _uncertainty(self, e: _Entries, k: int) -> Uncertainty | None:
        """The distribution of an entry, of what the exchange's amount states; one that cannot be carried is named."""
        at = int(e.distribution[k])
        if at < 0:
            return None
        d = self.distributions[at]
        kind = int(d["uncertainty_type"])
        cells = {f: float(d[f]) for f in ("loc", "scale", "minimum", "maximum")}
        found = uncertainty_of({"uncertainty type": kind, **cells})
        factor = float(e.rescale[k])
        if found is None or factor <= 0 or bool(d["negative"]):
            self.inventory.losses.add(
                f"exchange.uncertainty: type {kind} of stats_arrays", f"column {e.col[k]}"
            )
            return None
        if factor == 1:
            return found
        if found.kind == "lognormal":
            return Uncertainty(kind="lognormal", a=found.a * factor, b=found.b)
        return Uncertainty(
            kind=found.kind,
            a=found.a * factor,
            b=found.b * factor,
            c=None if found.c is None else found.c * factor,
        )


def _flow(ident: str, node: Node, kind: FlowKind, name: str) -> Flow:
    return Flow(
        id=ident,
        name={**({"en": name} if name else {}), **({"zh": node.zh} if node.zh else {})},
        kind=kind,
        unit=node.unit,
        compartment=compartment_of(node.categories) if kind == "elementary" else (),
        cas=node.cas,
        place=node.place if kind != "elementary" else "",
    )


def _by_column(e: _Entries) -> Iterator[tuple[int, np.ndarray]]:
    """Each column with where its entries stand, in their order."""
    import numpy as np

    order = np.argsort(e.col, kind="stable")
    columns, starts = np.unique(e.col[order], return_index=True)
    yield from zip(columns.tolist(), np.split(order, starts[1:]), strict=True)


def _last(e: _Entries) -> _Entries:
    """Of entries of the same cell, the last."""
    import numpy as np

    cells = np.stack((e.col[::-1], e.row[::-1]), axis=1)
    _, first = np.unique(cells, axis=0, return_index=True)
    return e[np.sort(len(e.row) - 1 - first)]


def _later(e: _Entries, group: np.ndarray) -> _Entries:
    """Of entries of the same cell, those of the last group that gives the cell a number."""
    import numpy as np

    given = ~np.isnan(e.value)
    e, group = e[given], group[given]
    _, cell = np.unique(np.stack((e.col, e.row), axis=1), axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    latest = np.zeros(int(cell.max()) + 1 if len(cell) else 0, dtype=group.dtype)
    np.maximum.at(latest, cell, group)
    return e[group == latest[cell]]


__all__ = ["NAME", "read", "recognises"]
