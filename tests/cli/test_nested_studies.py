"""Studies in studies: nested is the same as flattened, and another study buys what a study makes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tanbiao.cli.app import app
from tanbiao.core.errors import TanbiaoError
from tanbiao.library import compile_library, overlay, read_library, total
from tanbiao.service import load
from tanbiao.service.nested import study_library
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"
runner = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANBIAO_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("name", "pack"), [("five-processes", ""), ("lfp-pack", "cn.miit-551@2025"), ("topcon-module", "")]
)
def test_nested_is_flattened(name: str, pack: str, tmp_path: Path) -> None:
    made = study_library(EXAMPLES / name, tmp_path / "made", pack)
    run = load(EXAMPLES / name).run((pack,) if pack else ())
    evaluation = run.results[0].evaluation
    nested, problems = read_library(tmp_path / "made")
    assert run.library is not None and evaluation.solved is not None
    both, clashes = overlay(run.library, nested)
    assert [*problems, *clashes] == []
    compiled = compile_library(both, evaluation.background.gwp)
    lines = evaluation.solved.lines
    column = int(lines.demand.nonzero()[0][0])
    inside = [a == "total" for a in lines.account]
    flat = evaluation.solved.impact[inside].sum()
    assert total(compiled, list(made.products)[column]) * lines.demand[column] == pytest.approx(
        flat, rel=1e-12
    )


def test_products_of_a_constructed_study_say_that_they_are(tmp_path: Path) -> None:
    study_library(EXAMPLES / "five-processes", tmp_path / "made")
    nested, _ = read_library(tmp_path / "made")
    assert "（构造）" in nested.title["zh"] and "constructed" in nested.title["en"]
    assert "构造示例" in nested.caution["zh"] and "Constructed example" in nested.caution["en"]


def test_stages_not_asked_for_stay_outside(tmp_path: Path) -> None:
    whole = study_library(EXAMPLES / "five-processes", tmp_path / "whole")
    with pytest.raises(TanbiaoError) as refusal:
        study_library(EXAMPLES / "five-processes", tmp_path / "none", stages=["cooking"])
    assert refusal.value.problems[0].code == "nested-stage" and not (tmp_path / "none").exists()
    stages = refusal.value.problems[0].args["stages"].split(", ")
    gate = study_library(EXAMPLES / "five-processes", tmp_path / "gate", stages=stages[:1])
    assert gate.left > whole.left and gate.products == whole.products


def outer(folder: Path, amount: str) -> Path:
    """The lithium iron phosphate pack, buying brackets that another study makes."""
    shutil.copytree(EXAMPLES / "lfp-pack", folder)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    head = next(line for line in text.splitlines() if line.startswith("libraries:"))
    more = head.replace("]", ", ../bracket/library, ../made]")
    (folder / "study.yaml").write_text(text.replace(head, more), encoding="utf-8")
    with (folder / "exchanges.csv").open(encoding="utf-8") as file:
        rows = file.read().splitlines()
    columns = rows[0].split(",")
    bracket = {
        **dict.fromkeys(columns, ""),
        "id": "nested-bracket",
        "process": "pack",
        "stage": "assembly",
        "direction": "input",
        "flow": "bracket",
        "amount": amount,
        "unit": "piece",
        "provider": "five-processes.x01",
        "data_kind": "site_specific",
    }
    (folder / "exchanges.csv").write_text(
        "\n".join([*rows, ",".join(bracket[c] for c in columns)]) + "\n", encoding="utf-8"
    )
    return folder


def test_another_study_buys_what_a_study_makes(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "five-processes", tmp_path / "bracket")
    result = runner.invoke(
        app, ["study", "as-library", str(tmp_path / "bracket"), "--out", str(tmp_path / "made"), "--json"]
    )
    assert result.exit_code == 0, result.output
    data = json.loads(result.output)
    assert data["products"]["five-processes.x01"] == "piece" and data["lines_left_out"] == 1
    pack = ("cn.miit-551@2025",)
    totals = []
    for k, amount in enumerate(("0", "1", "3")):
        run = load(outer(tmp_path / f"outer{k}", amount)).run(pack)
        solved = run.results[0].evaluation.solved
        assert solved is not None
        totals.append(solved.impact.sum())
    assert totals[1] - totals[0] > 1
    assert totals[2] - totals[0] == pytest.approx(3 * (totals[1] - totals[0]), rel=1e-9)
    bracket = load(tmp_path / "bracket").run().results[0].evaluation.solved
    assert bracket is not None
    alone = bracket.impact[[a == "total" for a in bracket.lines.account]].sum()
    scale = load(EXAMPLES / "lfp-pack").run(pack).results[0].evaluation.solved
    assert scale is not None
    assert (totals[1] - totals[0]) / alone == pytest.approx(scale.activity[0], rel=1e-9)


def test_elementary_flows_of_a_study_go_with_its_products(tmp_path: Path) -> None:
    """A study that buys one bracket has the bracket's categories."""
    shutil.copytree(EXAMPLES / "coated-bracket", tmp_path / "inner")
    made = study_library(tmp_path / "inner", tmp_path / "made")
    product = next(i for i, unit in made.products.items() if unit == "piece")
    outer = tmp_path / "inner"
    head = (outer / "study.yaml").read_text(encoding="utf-8")
    head = head.replace("./library]", "./library, ../made]").replace("id: coated-bracket", "id: outer")
    (outer / "study.yaml").write_text(head, encoding="utf-8")
    (outer / "exchanges.csv").write_text(
        "id,process,stage,direction,flow,amount,unit,provider\n"
        "y1,coating,assembly,product,kit,1,piece,\n"
        f"y2,coating,assembly,input,bracket,2,piece,{product}\n",
        encoding="utf-8",
    )
    inner = load(EXAMPLES / "coated-bracket").run().results[0].evaluation
    found = load(outer).run().results[0].evaluation
    for name in ("footprint", "climate", "acidification", "water"):
        assert float(found.value(name).data) == pytest.approx(2 * float(inner.value(name).data), rel=1e-12), (
            name
        )
