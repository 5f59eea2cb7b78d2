"""Sheets and figures of mass flow: two languages, the numbers that matter, the same bytes twice, nothing external."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tanbiao.core.errors import TanbiaoError
from tanbiao.present import report
from tanbiao.present.document import Document, Grid
from tanbiao.present.figures import svg
from tanbiao.present.massflow.sheets import SHEETS
from tanbiao.present.massflow_figures import Rate, thresholds
from tanbiao.present.massflow_texts import material, receiver
from tanbiao.present.sankey import Link, sankey
from tanbiao.service import Run, load
from tanbiao.service.massflow import fitting, processes, write_sheet

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FIT = {"passenger-car": "vehicle", "battery-recycler-year": "battery", "dismantler-month": "return"}


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    return {n: load(EXAMPLES / n).run() for n in FIT}


@pytest.mark.parametrize("name", FIT)
def test_the_sheet_that_fits(name: str, runs: dict[str, Run], tmp_path: Path) -> None:
    assert fitting(runs[name]) == FIT[name]
    written = write_sheet(runs[name], tmp_path)
    assert [p.name for p in written] == [f"{name}.{FIT[name]}.{lang}.html" for lang in ("zh", "en")]
    texts = [p.read_text(encoding="utf-8") for p in written]
    for text in texts:
        assert not re.search(r'(?:src|href)="https?://', text)
        assert "None" not in text and "nan" not in re.sub(r"[a-z]nan|nan[a-z]", "", text)
    assert "构造示例" in texts[0] and "constructed example" in texts[1]
    again = write_sheet(runs[name], tmp_path / "again")
    assert [p.read_bytes() for p in again] == [p.read_bytes() for p in written]


def test_every_sheet_speaks_both_languages(runs: dict[str, Run]) -> None:
    """The same sections and blocks; headings differ by language."""
    for kind, name in (
        ("vehicle", "passenger-car"),
        ("manual", "passenger-car"),
        ("battery", "battery-recycler-year"),
        ("return", "dismantler-month"),
        ("certificates", "dismantler-month"),
    ):
        zh, en = (SHEETS[kind](runs[name].study, runs[name].results, lang) for lang in ("zh", "en"))
        assert [(s.anchor, [type(b) for b in s.blocks]) for s in zh.sections] == [
            (s.anchor, [type(b) for b in s.blocks]) for s in en.sections
        ]
        assert all(a.title != b.title for a, b in zip(zh.sections, en.sections, strict=True))
        assert not re.search(r"[\u4e00-\u9fff]", "".join(s.title for s in en.sections) + en.title)


def test_the_vehicle_sheet_holds_both_rates(runs: dict[str, Run]) -> None:
    text = report.html(SHEETS["vehicle"](runs["passenger-car"].study, runs["passenger-car"].results, "en"))
    for number in ("86.3145", "99.6834", "61.8270", "1,127.558", "41.8 %"):
        assert number in text, number


def test_the_battery_sheet_says_what_decides(runs: dict[str, Run]) -> None:
    run = runs["battery-recycler-year"]
    text = report.html(SHEETS["battery"](run.study, run.results, "zh"))
    assert "结论取决于可选物质（C P）如何计算" in text
    for number in ("51.9", "69.7", "64.2", "10,630"):
        assert number in text


def test_the_return_lists_every_vehicle_and_assembly(runs: dict[str, Run]) -> None:
    run = runs["dismantler-month"]
    text = report.html(SHEETS["return"](run.study, run.results, "zh"))
    lots = list(csv.DictReader((EXAMPLES / "dismantler-month" / "lots.csv").open(encoding="utf-8")))
    assert all(r["code"] in text for r in lots if r["code"])
    assert all(w in text for w in ("发动机", "方向机", "变速器", "前后桥", "车架", "HW08（构造）"))


def test_docx_of_a_sheet(runs: dict[str, Run]) -> None:
    document = SHEETS["return"](runs["dismantler-month"].study, runs["dismantler-month"].results, "zh")
    assert report.docx(document)[:2] == b"PK"


def test_sankey_heights_are_masses() -> None:
    text = sankey(
        [Link("a", "b", 60), Link("a", "c", 40), Link("b", "→recycling", 60), Link("c", "→landfill", 40)],
        {"a": "car", "b": "steel"},
        "en",
    )
    tall = [float(h) for h in re.findall(r'<rect [^>]*height="([\d.]+)"', text)]
    assert tall[0] / tall[1] == pytest.approx(100 / 60, rel=0.01)
    assert "car" in text and "recycling" in text and "<script" not in text


def test_a_name_cannot_break_out_of_the_drawing() -> None:
    text = sankey([Link("a", "b", 1)], {"a": '<script>alert("1")</script>'}, "en")
    assert "<script" not in text


def test_threshold_labels_stay_apart() -> None:
    rates = [
        Rate("optional substances left out of the output", 51.9, 65),
        Rate("optional substances counted", 69.7, 65),
    ]
    text = svg(thresholds(rates, "en"))
    assert "optional substances counted" in text and "51.9 %" in text


def test_treatments_as_unit_processes(runs: dict[str, Run]) -> None:
    """Mass in equals mass out of every process, and no row is negative: neutral facts for a footprint study."""
    for name in ("passenger-car", "battery-recycler-year"):
        found = processes(runs[name])
        sums: dict[str, float] = {}
        for row in found["exchange"]:
            sign = 1 if row["direction"] == "input" else -1
            assert float(row["amount"]) > 0
            sums[row["process"]] = sums.get(row["process"], 0.0) + sign * float(row["amount"])
        whole = sum(float(r["amount"]) for r in found["exchange"] if r["direction"] == "input")
        assert all(abs(v) < 1e-6 * whole for v in sums.values())


def test_the_command(tmp_path: Path) -> None:
    import typer

    from tanbiao.cli.lots import sheet

    app = typer.Typer()
    app.command()(sheet)
    found = CliRunner().invoke(
        app, [str(EXAMPLES / "passenger-car"), "--kind", "manual", "--out", str(tmp_path), "--lang", "zh"]
    )
    assert found.exit_code == 0, found.output
    assert (tmp_path / "passenger-car.manual.zh.html").exists()


@pytest.mark.parametrize(
    ("study", "kind", "table"),
    [
        ("dismantler-month", "vehicle", "part"),
        ("battery-recycler-year", "manual", "part"),
        ("passenger-car", "return", "lot"),
    ],
)
def test_a_sheet_that_does_not_fit_the_study_is_refused(
    study: str, kind: str, table: str, runs: dict[str, Run], tmp_path: Path
) -> None:
    with pytest.raises(TanbiaoError) as caught:
        write_sheet(runs[study], tmp_path, kind)
    problem = caught.value.problems[0]
    assert problem.code == "sheet-facts" and problem.args["table"] == table and not list(tmp_path.iterdir())


def cells(document: Document) -> list[str]:
    """The texts of every table."""
    return [
        c.text for s in document.sections for b in s.blocks if isinstance(b, Grid) for r in b.rows for c in r
    ]


def test_usual_names_stand_in_the_readers_language(runs: dict[str, Run]) -> None:
    """Kinds of treatment, materials and usual takers are translated; ids and a user's own words stay."""
    battery, car = (runs[n] for n in ("battery-recycler-year", "passenger-car"))
    zh = cells(SHEETS["battery"](battery.study, battery.results, "zh"))
    assert {"放电", "湿法", "破碎", "危险废物填埋场", "前驱体厂"} <= {*zh}
    assert not {"discharge", "wet", "hazardous waste landfill", "precursor maker"} & {*zh}
    en = cells(SHEETS["battery"](battery.study, battery.results, "en"))
    assert {"hydrometallurgical", "hazardous waste landfill", "precursor maker"} <= {*en}
    materials = cells(SHEETS["vehicle"](car.study, car.results, "zh"))
    assert {"汽车钢", "炭黑", "钯"} <= {*materials}
    back = cells(SHEETS["return"](runs["dismantler-month"].study, runs["dismantler-month"].results, "en"))
    assert "再生铅企业（构造）" in back


def test_words_of_a_user_are_not_touched() -> None:
    assert receiver("Hazardous waste landfill", "zh") == "危险废物填埋场"
    assert receiver("Müller_Recycling GmbH", "zh") == "Müller_Recycling GmbH"
    assert material("sheet_steel_A", "zh") == "sheet steel A" and material("carbon_black", "zh") == "炭黑"


def test_a_long_name_takes_two_lines_and_keeps_its_end() -> None:
    name = "iron phosphate from leaching (phosphorus)"
    text = sankey([Link("a", "b", 5), Link("b", "→recycling", 5)], {"a": "works", "b": name}, "en")
    assert "iron phosphate from" in text and "leaching (phosphorus)" in text and "…" not in text
