"""Reading a library folder: every fault of form is found, and the digest is that of the content."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_library import HEAD, Build, exchange, factor, process, steel, write

from tanbiao.library import Library, overlay, read_library, row_digest

CATALOGUE = Path(__file__).resolve().parents[2] / "src/tanbiao/catalogue/library.yaml"


def codes(problems: list) -> list[str]:
    return [p.code for p in problems]


def test_a_sound_folder_has_no_problems(build: Build) -> None:
    library, problems = build(steel())
    assert problems == []
    assert set(library.items) == {
        "iron",
        "steel",
        "power",
        "ore",
        "coal",
        "co2_fossil",
        "ch4_fossil",
        "co2e_unsplit",
    }
    assert library.exchanges[2].low == Fraction(2, 5)
    assert library.title["zh"] == "小库"


def test_namibia_is_a_place_and_not_a_missing_value(build: Build) -> None:
    tables = steel()
    tables["processes"][2]["place"] = "NA"
    library, problems = build(tables)
    assert problems == []
    assert library.processes["power"].place == "NA"


def test_every_faulty_cell_is_reported_with_its_row_and_column(build: Build) -> None:
    tables = steel()
    tables["factors"][0]["value"] = "1,234"
    tables["factors"][1]["boundary"] = "cradle-to-gate"
    tables["processes"][0]["name_zh"] = ""
    _, problems = build(tables)
    assert [(p.code, p.place.file, p.place.row, p.place.cell) for p in problems] == [
        ("library-cell-empty", "tiny/processes.csv", 2, "name_zh"),
        ("number-expected", "tiny/factors.csv", 2, "value"),
        ("library-word", "tiny/factors.csv", 3, "boundary"),
    ]


def test_one_id_may_stand_once_among_processes_factors_and_gases(build: Build) -> None:
    tables = steel()
    tables["factors"].append(factor("iron", "2"))
    tables["exchanges"].append(exchange("iron.x01", "iron", "input", "ore", "1"))
    library, problems = build(tables)
    assert codes(problems) == ["library-duplicate-id", "library-duplicate-id"]
    assert problems[0].args["first"] == "tiny/processes.csv:2"
    assert "iron" in library.processes and "iron" not in library.factors


def test_missing_columns_short_rows_and_foreign_encodings_are_found(tmp_path: Path) -> None:
    folder = write(tmp_path / "broken", steel())
    (folder / "factors.csv").write_text("id,name_en\nore,Ore\n", encoding="utf-8")
    (folder / "gases.csv").write_bytes("id,name_zh\nn2o,氧化亚氮\n".encode("gbk"))
    text = (folder / "processes.csv").read_text(encoding="utf-8").splitlines()
    (folder / "processes.csv").write_text("\n".join([*text, "a,b"]), encoding="utf-8")
    _, problems = read_library(folder)
    assert {"library-column-missing", "library-encoding", "library-row-length"} <= set(codes(problems))


def test_a_folder_that_is_not_there_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    library, problems = read_library(tmp_path / "nothing")
    assert codes(problems) == ["file-missing"]
    assert not library.items


def test_an_unquoted_line_break_or_quote_is_reported(tmp_path: Path) -> None:
    folder = write(tmp_path / "q", steel())
    with (folder / "processes.csv").open("a", encoding="utf-8") as file:
        file.write('x,"y"z,\n')
    _, problems = read_library(folder)
    assert "library-csv" in codes(problems)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_digest_does_not_depend_on_the_order_of_rows(tmp_path_factory: object, seed: int) -> None:
    tables = steel()
    first = _read(tmp_path_factory, tables)
    rng = random.Random(seed)
    for rows in tables.values():
        rng.shuffle(rows)
    assert _read(tmp_path_factory, tables).digest == first.digest


def test_the_digest_does_not_depend_on_how_a_number_is_written(build: Build) -> None:
    tables = steel()
    first, _ = build(tables)
    tables["exchanges"][1]["amount"] = "1.600"
    tables["factors"][0]["value"] = "5e-2"
    assert build(tables, name="other")[0].digest == first.digest


def test_the_digest_changes_with_every_amount_text_and_word_of_the_head(build: Build) -> None:
    first, _ = build(steel())
    seen = {first.digest}
    for change in (
        ("exchanges", 1, "amount", "1.61"),
        ("exchanges", 1, "note", "x"),
        ("factors", 0, "licence", "MIT"),
    ):
        tables = steel()
        tables[change[0]][change[1]][change[2]] = change[3]
        seen.add(build(tables)[0].digest)
    seen.add(build(steel(), HEAD.replace("小库", "大库"))[0].digest)
    assert len(seen) == 5


def test_the_digest_of_one_process_covers_its_exchanges(build: Build) -> None:
    first, _ = build(steel())
    tables = steel()
    tables["exchanges"][1]["amount"] = "1.7"
    second, _ = build(tables)
    assert row_digest(first, "iron") != row_digest(second, "iron")
    assert row_digest(first, "steel") == row_digest(second, "steel")


def test_an_overlay_adds_rows_keeps_their_share_level_and_changes_nothing(build: Build) -> None:
    base, _ = build(steel())
    extra, problems = build(
        {
            "factors": [factor("own.paint", "3", share="digest", licence="bought")],
            "processes": [process("coated", share="digest")],
            "exchanges": [
                exchange("coated.x01", "coated", "reference", "coated", "1"),
                exchange("coated.x02", "coated", "input", "steel", "1"),
                exchange("coated.x03", "coated", "input", "own.paint", "0.1"),
            ],
        },
        HEAD.replace("id: tiny", "id: own").replace("share: full", "share: digest"),
        "own",
    )
    assert problems == []
    both, problems = overlay(base, extra)
    assert problems == []
    assert both.id == "tiny+own"
    assert [(p.id, p.share) for p in both.parts] == [("tiny", "full"), ("own", "digest")]
    assert both.factors["own.paint"].share == "digest"
    assert both.digest not in (base.digest, extra.digest)


def test_an_overlay_may_not_replace_a_row_or_reach_into_a_process_of_the_base(build: Build) -> None:
    base, _ = build(steel())
    extra, _ = build(
        {
            "factors": [factor("ore", "9")],
            "exchanges": [exchange("mine.x01", "steel", "input", "ore", "1")],
        },
        name="own",
    )
    both, problems = overlay(base, extra)
    assert sorted(codes(problems)) == ["library-duplicate-id", "library-overlay-changes"]
    assert both.factors["ore"].value == Fraction(1, 20)
    assert len(both.exchanges) == len(base.exchanges)


def test_every_message_stands_in_both_languages_with_the_same_arguments() -> None:
    import re

    texts = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))
    for code, parts in texts.items():
        assert {"title", "what", "fix"} <= set(parts), code
        for part in parts.values():
            assert set(part) == {"zh", "en"}, code
            assert set(re.findall(r"{\w+}", part["zh"])) == set(re.findall(r"{\w+}", part["en"])), code


def _read(factory: object, tables: dict) -> Library:
    return read_library(write(factory.mktemp("t") / "tiny", tables))[0]  # type: ignore[attr-defined]
