"""What Python users call: the verbs of the commands, with results that show themselves."""

from __future__ import annotations

import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

import tanbiao
from tanbiao.core.errors import TanbiaoError

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "lfp-pack"


@pytest.fixture(scope="module")
def run() -> tanbiao.Run:
    return tanbiao.load(EXAMPLE).run(packs=["pact.method@3", "int.iso-14067@2018"])


def test_importing_tanbiao_imports_no_room() -> None:
    code = "import sys, tanbiao; print([m for m in sys.modules if m.startswith('tanbiao.') or m == 'numpy'])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_rows_are_what_was_published(run: tanbiao.Run) -> None:
    rows = run.rows()
    assert [(r["pack"], r["name"], r["published"]) for r in rows] == [
        (p.pack, p.name, p.published) for result in run.results for p in result.published
    ]
    assert all(r["constructed"] and r["review"] for r in rows)
    headline = next(r for r in rows if r["name"] == "pcf_including")
    assert sum(v for k, v in headline.items() if k.startswith("stage.")) == pytest.approx(headline["value"])
    assert sum(v for k, v in headline.items() if k.startswith("position.")) == pytest.approx(
        headline["value"]
    )


def test_a_number_is_explained_under_the_pack_that_has_it(run: tanbiao.Run) -> None:
    assert run.explain().parts
    assert run.explain("pcf_including").name == "pcf_including"
    with pytest.raises(TanbiaoError):
        run.explain("no_such_name")


@pytest.mark.parametrize(("lang", "words"), [("zh", "构造示例"), ("en", "Constructed example")])
def test_a_notebook_shows_the_report(
    run: tanbiao.Run, monkeypatch: pytest.MonkeyPatch, lang: str, words: str
) -> None:
    monkeypatch.setenv("TANBIAO_LANG", lang)
    shown = run._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and "<style>" not in shown
    page = unescape(shown)
    assert words.lower() in page.lower() and str(run.rows()[0]["published"]) in page


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        tanbiao.lode  # noqa: B018
