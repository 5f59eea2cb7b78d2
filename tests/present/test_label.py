"""The label: what it must carry, and what it refuses to say."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from tanbiao.core.digest import digest
from tanbiao.core.errors import TanbiaoError
from tanbiao.core.text import Text
from tanbiao.present.label.data import Label, Verification
from tanbiao.present.label.drawing import qr_path
from tanbiao.present.label.faces import label_json, label_pdf, label_png, label_svg
from tanbiao.present.label.label import label
from tanbiao.service import Run


def made(run: Run, pack: int = 0, **more: Any) -> Label:
    given = {
        "id": "TB-L-1",
        "issued": "2026-11-24",
        "expires": "2027-11-23",
        "ledger_root": run.ledger.root,
        "software": "0.1.0",
    } | more
    return label(run.study, run.results[pack], **given)


def codes(call: Any) -> list[str]:
    with pytest.raises(TanbiaoError) as caught:
        call()
    return [p.code for p in caught.value.problems]


def test_it_carries_everything_a_label_must(run: Run) -> None:
    data = made(run, record_url="https://example.org/r/1").data()
    assert data["product"]["name"]["zh"] == "磷酸铁锂动力电池包" and data["product"]["model"] == "TB-64"
    assert data["value"] == {
        "amount": "0.0347",
        "unit": "kgCO2e/kWh",
        "per": {"zh": "寿命期内交付的 1 kWh 电能", "en": "1 kWh of energy delivered over service life"},
    }
    assert data["boundary"]["partial"] is True and data["boundary"]["text"]["zh"].startswith("原材料")
    assert [s["amount"] for s in data["stages"]] == ["0.0231", "0.0097", "0.0004", "0.0014"]
    assert (
        data["period"] == "2025-01-01/2025-12-31" and data["standards"][0]["version"] == "test.battery@2026+1"
    )
    assert data["verification"] == {"state": "self"} and data["pds"] == "0.046"
    assert data["constructed"] is True and data["screening"] is True
    assert data["scope"] == "climate change only" and data["expires"] == "2027-11-23"
    assert data["software"]["pack_hash"] == run.results[0].rulebook.pack.digest


def test_the_code_names_record_label_and_digest(run: Run) -> None:
    found = made(run, record_url="https://example.org/r/1?v=2")
    assert found.payload == f"https://example.org/r/1?v=2&id=TB-L-1&d={digest(found.data())[:16]}"
    assert made(run).payload == f"tanbiao:label:TB-L-1:{made(run).digest[:16]}"
    assert json.loads(label_json(found))["digest"] == found.digest


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_constructed_screening_partial_and_conformity_are_printed(run: Run, lang: str) -> None:
    text = "".join(re.findall(r">([^<]+)<", label_svg(made(run), lang)))
    words = {
        "zh": (
            "产品部分碳足迹",
            "构造示例",
            "筛查结果",
            "不符合：1 条要求未满足",
            "只涉及气候变化",
            "自我声明",
        ),
        "en": (
            "Partial product carbon footprint",
            "Constructed example",
            "Screening result",
            "does not conform",
            "Covers climate change only",
            "self-declared",
        ),
    }[lang]
    for word in words:
        assert word in text
    assert "0.0347" in text


def test_faces_are_the_same_bytes_twice(run: Run) -> None:
    found = made(run)
    for lang in ("zh", "en"):
        assert label_svg(found, lang) == label_svg(found, lang)
        assert label_png(found, lang, 150) == label_png(found, lang, 150)
        pytest.importorskip("typst")
        assert label_pdf(found, lang) == label_pdf(found, lang)


def test_digits_never_exceed_those_of_the_publication(run: Run) -> None:
    found = made(run)
    texts = (found.amount, found.low, found.high, *(s.amount for s in found.stages))
    assert {len(t.partition(".")[2]) for t in texts} == {4}


def test_a_result_without_value_has_no_label(changed: Any) -> None:
    run = changed(("energy_delivered: 192000 kWh, ", ""))
    assert codes(lambda: made(run)) == ["label-value"]


def test_what_the_study_lacks_is_named_all_at_once(changed: Any) -> None:
    run = changed(
        ("  model: TB-64\n", ""),
        ('plant: {name: {zh: "示例工厂一期", en: "Example plant, phase 1"}}\n', ""),
        ("period: {start: 2025-01-01, end: 2025-12-31}\n", ""),
    )
    assert codes(lambda: made(run)) == ["label-missing"] * 3


def test_a_boundary_that_is_not_stated_is_refused(changed: Any) -> None:
    assert codes(lambda: made(changed((", partial: true", "")))) == ["label-boundary"]


def test_what_is_missing_is_named_as_the_packs_name_it(changed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = changed(
        (", partial: true", ""), ('plant: {name: {zh: "示例工厂一期", en: "Example plant, phase 1"}}\n', "")
    )
    rulebook = type(run.results[0].rulebook)
    mine = rulebook.of_kind

    def asking(self: Any, kind: str) -> tuple[Any, ...]:
        more = [SimpleNamespace(path=p) for p in ("product.site", "scope.kind")] if kind == "given" else []
        return (*mine(self, kind), *more)

    def items() -> list[str]:
        with pytest.raises(TanbiaoError) as caught:
            made(run)
        return [p.args.get("items", p.args.get("item", "")) for p in caught.value.problems]

    assert items() == ["plant.name", "scope.partial (true | false)"]
    monkeypatch.setattr(rulebook, "of_kind", asking)
    assert items() == ["product.site", "scope.kind (full | partial)"]


def test_a_partial_boundary_cannot_be_hidden(changed: Any) -> None:
    run = changed(("partial: true", "partial: false"))
    assert codes(lambda: made(run)) == ["label-partial-hidden"]


@pytest.mark.parametrize("block", ["credits: {offset_in_total: 100 kgCO2e}", "label: {offset: 100 kgCO2e}"])
def test_offsets_are_refused(changed: Any, block: str) -> None:
    run = changed(("review: {state: self}", f"review: {{state: self}}\n{block}"))
    assert codes(lambda: made(run)) == ["label-offset"]


@pytest.mark.parametrize(
    "claim", ["碳中和产品", "低碳之选", "A green choice", "carbon neutral", "能效等级一级"]
)
def test_claims_are_refused(changed: Any, claim: str) -> None:
    run = changed(("review: {state: self}", f'review: {{state: self}}\nlabel: {{claim: "{claim}"}}'))
    assert set(codes(lambda: made(run))) == {"label-claim"}


def test_a_product_name_cannot_claim_either(changed: Any) -> None:
    assert codes(lambda: made(changed(("磷酸铁锂动力电池包", "零碳动力电池包")))) == ["label-claim"]


def test_official_marks_are_never_drawn(run: Run) -> None:
    assert codes(lambda: made(run, marks=("CNCA",))) == ["label-mark"]


def test_whoever_says_verified_names_the_body(run: Run) -> None:
    assert codes(lambda: made(run, verification=Verification("third"))) == ["label-verification"]
    bare = Verification("certified", Text("某机构", "a body"))
    assert codes(lambda: made(run, verification=bare)) == ["label-verification"]
    assert codes(lambda: made(run, verification=Verification("approved"))) == ["label-verification"]
    full = Verification("certified", Text("某机构", "a body"), "C-1", "2027-12-31")
    assert "某机构" in label_svg(made(run, verification=full), "zh")


def test_a_label_ends_and_not_after_its_certificate(run: Run) -> None:
    assert codes(lambda: made(run, expires="2026-01-01")) == ["label-dates"]
    assert codes(lambda: made(run, expires="")) == ["label-dates"]
    early = Verification("certified", Text("某机构", "a body"), "C-1", "2027-01-31")
    assert codes(lambda: made(run, verification=early)) == ["label-dates"]


def test_markup_in_names_is_escaped(changed: Any) -> None:
    run = changed(("磷酸铁锂动力电池包", "<b>&x"))
    assert "&lt;b&gt;&amp;x" in label_svg(made(run), "zh")


def test_a_character_without_glyph_stops_the_png_but_not_the_svg(changed: Any) -> None:
    run = changed(("磷酸铁锂动力电池包", "㎡电池"))
    found = made(run)
    assert "㎡" in label_svg(found, "zh")
    assert codes(lambda: label_png(found, "zh")) == ["font-characters"]


def test_the_code_is_drawn_as_one_path() -> None:
    assert qr_path("tanbiao:label:x:0123456789abcdef", 100, 0, 0).startswith("M0.00 0.00h")


def test_a_whole_footprint_that_nobody_doubts_bears_no_warning(changed: Any) -> None:
    run = changed(("constructed: true\n", ""))
    text = label_svg(made(run, 1), "zh")
    assert "构造示例" not in text and "筛查" not in text and "符合" in text
