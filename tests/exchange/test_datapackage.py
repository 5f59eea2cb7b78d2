"""Brightway datapackages: matrices become processes that give the same footprints; what is not read is named."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.exchange import Head, Inventory, Rules, link, read, recognise, write_library
from tanbiao.exchange.arrays import npy
from tanbiao.exchange.source import open_source
from tanbiao.library import compile_library, read_library
from tanbiao.service.exchange import ImportOptions, import_library

from .made import zipped

PAIRS = [("row", np.int64), ("col", np.int64)]
SPREAD = [
    ("uncertainty_type", np.uint8),
    *((n, np.float32) for n in ("loc", "scale", "shape", "minimum", "maximum")),
    ("negative", bool),
]
NAMES = """id,name,reference product,unit,location,categories,cas
1,steel making,steel,kilogram,CN,,
2,rolling,sheet,kilogram,CN,,
3,dust treatment,dust,kilogram,CN,,
9,"Carbon dioxide, fossil",,kilogram,,air::urban,124-38-9
8,"Carbon dioxide, in air",,kilogram,,natural resource::in air,
"""
Group = tuple[str, list[tuple[int, int, float, bool]]]


def saved(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def package(groups: list[Group], names: str = NAMES, **head: Any) -> dict[str, bytes]:
    """A package by hand: (matrix, entries of row, column, number, flip)."""
    files: dict[str, bytes] = {}
    resources = []
    for k, (matrix, entries) in enumerate(groups):
        arrays = {
            "indices": np.array([e[:2] for e in entries], dtype=PAIRS),
            "data": np.array([e[2] for e in entries]),
            "flip": np.array([e[3] for e in entries], dtype=bool),
        }
        for kind, array in arrays.items():
            path = f"g{k}.{kind}.npy"
            files[path] = saved(array)
            resources.append(
                {
                    "name": f"g{k}.{kind}",
                    "group": f"g{k}",
                    "kind": kind,
                    "matrix": matrix,
                    "path": path,
                    "category": "vector",
                    "profile": "data-resource",
                    "nrows": len(entries),
                }
            )
    said = {"name": "made", "resources": resources, "sum_intra_duplicates": True, **head}
    files["datapackage.json"] = json.dumps(said).encode()
    if names:
        files["names.csv"] = names.encode()
    return files


STEEL: list[Group] = [
    (
        "technosphere_matrix",
        [
            (1, 1, 1, False),
            (2, 2, 1, False),
            (1, 2, 1.1, True),
            (3, 3, -1, False),
            (3, 2, -0.1, True),
            (2, 3, 0.2, True),
        ],
    ),
    ("biosphere_matrix", [(9, 1, 1.9, False), (9, 3, 0.4, False), (8, 3, 0.05, False)]),
]


def footprints(made: Inventory, tmp_path: Path, rules: Rules | None = None) -> dict[str, float]:
    draft = link(made, rules or Rules())
    assert [p.code for p in draft.problems if p.level == "error"] == []
    folder = tmp_path / "library"
    folder.mkdir()
    write_library(folder, draft, made, Head("made"))
    library, problems = read_library(folder)
    assert problems == []
    compiled = compile_library(library, "AR6")
    return {p: float(compiled.values[compiled.index[p]].sum()) for p in library.processes}


@pytest.mark.parametrize("folder", [True, False])
def test_a_package_becomes_processes(tmp_path: Path, folder: bool) -> None:
    path = tmp_path / "package"
    if folder:
        path.mkdir()
        for name, data in package(STEEL).items():
            (path / name).write_bytes(data)
    else:
        path = zipped(tmp_path / "package.zip", package(STEEL))
    source = open_source(path)
    assert recognise(source) == "datapackage"
    source.close()
    made = read(path).gathered()
    assert made.problems == [] and made.experimental
    processes = {p.id: p for p in made}
    assert [p.name["en"] for p in processes.values()] == ["steel making", "rolling", "dust treatment"]
    assert [(x.direction, x.amount, x.reference, x.provider) for x in processes["2"].exchanges] == [
        ("output", 1.0, True, ""),
        ("input", 1.1, False, "1"),
        ("output", 0.1, False, "3"),
    ]
    assert made.flows["p3"].kind == "waste" and made.flows["b9"].compartment == ("air", "urban")
    values = footprints(made, tmp_path)
    # s = 1.1 × 1.9 + 0.1 × d, d = 0.4 + 0.2 × s: CO2 taken from air stands apart as uptake
    assert values["2"] == pytest.approx((1.1 * 1.9 + 0.1 * 0.4) / (1 - 0.02))


def test_a_later_group_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    later: list[Group] = [*STEEL, ("technosphere_matrix", [(1, 2, 1.3, True)])]
    bought = {
        inter: [
            x.amount
            for p in read(
                zipped(tmp_path / f"{inter}.zip", package(later, sum_inter_duplicates=inter))
            ).gathered()
            for x in p.exchanges
            if (p.id, x.flow) == ("2", "p1")
        ]
        for inter in (False, True)
    }
    assert bought == {False: [1.3], True: [1.1, 1.3]}


def test_the_last_of_equal_cells_holds_where_the_package_says_so(tmp_path: Path) -> None:
    double: list[Group] = [("technosphere_matrix", [*STEEL[0][1], (1, 2, 1.3, True)])]
    path = zipped(tmp_path / "p.zip", package(double, sum_intra_duplicates=False))
    assert [x.amount for p in read(path) if p.id == "2" for x in p.exchanges if x.flow == "p1"] == [1.3]


def test_an_output_that_another_column_makes_is_put_in_its_place(tmp_path: Path) -> None:
    groups: list[Group] = [
        ("technosphere_matrix", [*STEEL[0][1], (2, 1, 0.3, False)]),
        STEEL[1],
    ]
    made = read(zipped(tmp_path / "p.zip", package(groups))).gathered()
    steel = next(p for p in made if p.id == "1")
    assert [(x.direction, x.avoided, x.amount) for x in steel.exchanges if x.flow == "p2"] == [
        ("input", True, 0.3)
    ]


def test_an_output_that_no_other_column_makes_demands_an_allocation(tmp_path: Path) -> None:
    groups: list[Group] = [("technosphere_matrix", [*STEEL[0][1], (7, 1, 0.3, False)])]
    made = read(zipped(tmp_path / "p.zip", package(groups, NAMES + "7,,slag,kilogram,,,\n")))
    draft = link(made, Rules())
    assert [(p, w) for p, _, w in draft.left_out] == [("1", "exchange-allocation-missing")]


def test_products_apart_from_processes_are_found_by_their_only_maker(tmp_path: Path) -> None:
    groups: list[Group] = [
        ("technosphere_matrix", [(11, 1, 1, False), (12, 2, 1, False), (11, 2, 1.1, True)]),
        ("biosphere_matrix", [(9, 1, 1.9, False)]),
    ]
    names = NAMES + "11,,steel,kilogram,,,\n12,,sheet,kilogram,,,\n"
    values = footprints(read(zipped(tmp_path / "p.zip", package(groups, names))), tmp_path)
    assert values == pytest.approx({"1": 1.9, "2": 1.1 * 1.9})


def test_integers_without_names_are_reported_and_no_flow_counts_as_zero(tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.zip", package(STEEL, names=""))
    (tmp_path / "mapping.csv").write_text("kind,flow,to\nunit,,kg\ngas,b9,co2_fossil\n", encoding="utf-8")
    found = import_library(path, ImportOptions(root=tmp_path / "home", mapping=tmp_path / "mapping.csv"))
    codes = [p.code for p in found.problems]
    assert "exchange-datapackage-nameless" in codes and "exchange-uncharacterised-suspect" in codes
    assert list(found.summary["uncharacterised"]) == ["b8"] and found.summary["processes"] == 3
    assert found.summary["linked"]["gas: gas"] == 2 and found.experimental


def test_names_of_metadata_hold_for_the_axis_they_are_given_for(tmp_path: Path) -> None:
    files = package(STEEL, names="")
    said = json.loads(files["datapackage.json"])
    said["resources"].append({"name": "m", "path": "m.csv", "valid_for": [["g0", "rows"], ["g0", "cols"]]})
    said["resources"].append({"name": "n", "path": "n.csv", "valid_for": [["g1", "rows"]]})
    files["m.csv"] = b"id,name,unit\n1,steel making,kilogram\n2,rolling,kilogram\n3,dust treatment,kilogram\n"
    files["n.csv"] = b"id,name,unit\n9,Methane,kilogram\n8,Water,kilogram\n1,wrong,x\n"
    files["datapackage.json"] = json.dumps(said).encode()
    made = read(zipped(tmp_path / "p.zip", files)).gathered()
    assert made.problems == [] and made.flows["b9"].name == {"en": "Methane"}
    assert made.flows["p1"].name == {"en": "steel making"}


@pytest.mark.parametrize(
    ("numbers", "kind", "a", "b", "c"),
    [
        ((2, np.log(1.1), 0.2, 0, 0, 0), "lognormal", 1.1, np.exp(0.2), None),
        ((3, 1.1, 0.1, 0, 0, 0), "normal", 1.1, 0.1, None),
        ((4, 0, 0, 0, 1.0, 1.2), "uniform", 1.0, 1.2, None),
        ((5, 1.1, 0, 0, 1.0, 1.2), "triangular", 1.0, 1.1, 1.2),
        ((8, 1.1, 0, 0, 1.0, 1.2), None, 0, 0, None),
    ],
)
def test_distributions_are_carried_or_named(
    tmp_path: Path, numbers: tuple[float, ...], kind: str | None, a: float, b: float, c: float | None
) -> None:
    files = package(STEEL)
    spread = np.zeros(6, dtype=SPREAD)
    spread[2] = (*numbers, False)
    files["g0.distributions.npy"] = saved(spread)
    said = json.loads(files["datapackage.json"])
    said["resources"].append(
        {**said["resources"][0], "kind": "distributions", "path": "g0.distributions.npy"}
    )
    files["datapackage.json"] = json.dumps(said).encode()
    made = read(zipped(tmp_path / "p.zip", files)).gathered()
    u = next(x.uncertainty for p in made if p.id == "2" for x in p.exchanges if x.flow == "p1")
    if kind is None:
        assert u is None
        assert any(x.field == "exchange.uncertainty: type 8 of stats_arrays" for x in made.losses.report())
    else:
        assert u is not None and (u.kind, u.a, u.b) == (kind, pytest.approx(a), pytest.approx(b))
        assert (u.c is None) if c is None else u.c == pytest.approx(c)


def test_scenarios_and_interfaces_are_named_not_read(tmp_path: Path) -> None:
    files = package(STEEL)
    said = json.loads(files["datapackage.json"])
    extra = []
    for name, more in (("s", {"category": "array"}), ("i", {"profile": "interface"})):
        for kind in ("indices", "data"):
            extra.append(
                {**said["resources"][0], "group": name, "name": f"{name}.{kind}", "kind": kind, **more}
            )
    said["resources"] += extra
    files["datapackage.json"] = json.dumps(said).encode()
    made = read(zipped(tmp_path / "p.zip", files)).gathered()
    assert [(p.code, p.args["group"]) for p in made.problems] == [
        ("exchange-datapackage-scenarios", "s"),
        ("exchange-datapackage-interface", "i"),
    ]
    assert len(tuple(made)) == 3


def test_a_licence_that_nobody_gave_is_not_taken_over(tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.zip", package(STEEL, licenses=[{"name": "ODC-PDDL-1.0"}]))
    made = read(path).gathered()
    assert {p.licence for p in made} == {""}
    assert any(x.field.startswith("licence ODC-PDDL-1.0: written by") for x in made.losses.report())


def test_pickles_false_sizes_and_broken_arrays_are_refused() -> None:
    objects = io.BytesIO()
    np.save(objects, np.array([{}], dtype=object), allow_pickle=True)
    good = saved(np.zeros(3))
    for bad in (
        objects.getvalue(),
        good[:-8],
        good.replace(b"(3,)", b"(9,)"),
        b"",
        b"\x93NUMPY\x03\x00" + good[8:],
    ):
        with pytest.raises(ValueError, match=r".+"):
            npy(bad)
    square = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert (npy(saved(square)) == square).all()


def test_a_broken_group_is_left_out_and_named(tmp_path: Path) -> None:
    files = package(STEEL)
    files["g1.data.npy"] = saved(np.zeros(99))
    made = read(zipped(tmp_path / "p.zip", files)).gathered()
    assert [p.code for p in made.problems] == ["exchange-entity"] and len(tuple(made)) == 3
    with pytest.raises(TanbiaoError):
        import_library(
            zipped(tmp_path / "q.zip", {"datapackage.json": b'{"resources": [{"matrix": "x"}]}'}),
            ImportOptions(root=tmp_path / "home"),
        )


def test_packages_of_bw_processing_solve_as_bw2calc_does(tmp_path: Path) -> None:
    """Made by bw_processing, solved by bw2calc, and read, linked and solved here (needs the bench environment)."""
    bwp = pytest.importorskip("bw_processing", reason="bw_processing is in the bench environment only")
    bw2calc = pytest.importorskip("bw2calc")
    import pandas

    chance = np.random.default_rng(1)
    n = 30
    cells = [(i, i, -1.0 if i % 10 == 9 else 1.0, False) for i in range(n)]
    for j in range(n):
        for i in chance.choice(n, 4, replace=False).tolist():
            if i != j:
                cells.append((i, j, float(chance.uniform(0, 0.2)) * (-1 if i % 10 == 9 else 1), True))
    cells.append((4, 5, 0.05, False))  # put in the place of what column 4 makes
    emitted = [(1000, j, float(chance.uniform(0.1, 2)), False) for j in range(n)]
    made = bwp.create_datapackage(
        fs=bwp.generic_directory_filesystem(dirpath=tmp_path / "package"),
        name="made",
        sum_inter_duplicates=False,
    )
    for matrix, entries, name in (("technosphere_matrix", cells, "t"), ("biosphere_matrix", emitted, "b")):
        spread = np.zeros(len(entries), dtype=bwp.UNCERTAINTY_DTYPE)
        spread["loc"] = [e[2] for e in entries]
        spread["uncertainty_type"], spread["scale"] = 3, 0.1
        made.add_persistent_vector(
            matrix=matrix,
            name=name,
            indices_array=np.array([e[:2] for e in entries], dtype=bwp.INDICES_DTYPE),
            data_array=np.array([e[2] for e in entries]),
            flip_array=np.array([e[3] for e in entries], dtype=bool),
            distributions_array=spread,
            rescale_array=np.array([2.0 if k == len(cells) - 1 else 1.0 for k in range(len(entries))]),
        )
    made.add_persistent_vector(
        matrix="technosphere_matrix",
        name="later",
        indices_array=np.array([cells[n][:2]], dtype=bwp.INDICES_DTYPE),
        data_array=np.array([0.123 * (-1 if cells[n][0] % 10 == 9 else 1)]),
        flip_array=np.array([True]),
    )
    made.add_persistent_vector(
        matrix="characterization_matrix",
        name="c",
        indices_array=np.array([(1000, 1000)], dtype=bwp.INDICES_DTYPE),
        data_array=np.array([1.0]),
    )
    made.add_csv_metadata(
        dataframe=pandas.DataFrame(
            {"id": range(n), "name": [f"process {k}" for k in range(n)], "unit": "kilogram"}
        ),
        valid_for=[("t", "rows"), ("t", "cols")],
    )
    made.add_csv_metadata(
        dataframe=pandas.DataFrame({"id": [1000], "name": ["Carbon dioxide, fossil"], "unit": "kilogram"}),
        valid_for=[("b", "rows")],
    )
    made.finalize_serialization()
    found = read(tmp_path / "package")
    ours = footprints(found, tmp_path)
    assert any(x.uncertainty is not None for p in read(tmp_path / "package") for x in p.exchanges)
    loaded = bwp.load_datapackage(bwp.generic_directory_filesystem(dirpath=tmp_path / "package"))
    for k in range(n):
        lca = bw2calc.LCA({k: -1 if k % 10 == 9 else 1}, data_objs=[loaded])
        lca.lci()
        lca.lcia()
        assert ours[str(k)] == pytest.approx(lca.score, rel=1e-9)
