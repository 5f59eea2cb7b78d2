"""Search: an item is found by its Chinese and by its English words."""

from __future__ import annotations

from tanbiao.library import Library, search


def ids(library: Library, text: str, **filters: object) -> list[str]:
    return [h.item for h in search(library, text, **filters)]  # type: ignore[arg-type]


def test_an_exact_name_or_id_comes_first(open_2026: Library) -> None:
    assert search(open_2026, "met.cn.al")[0].item == "met.cn.al"
    assert search(open_2026, "met.cn.al")[0].score == 1.0
    assert ids(open_2026, "化工蒸汽热（混合燃料）")[0] == "heat.steam.cn"


def test_words_of_either_language_find_the_same_gas(open_2026: Library) -> None:
    assert ids(open_2026, "六氟乙烷")[0] == ids(open_2026, "hexafluoroethane")[0] == "pfc116"
    assert ids(open_2026, "C2F6")[0] == "pfc116"


def test_full_width_and_upper_case_do_not_matter(open_2026: Library) -> None:
    assert ids(open_2026, "ＬＦＰ BATTERY cell")[0] == ids(open_2026, "lfp battery cell")[0] == "bat.lfp.cell"


def test_every_latin_word_must_be_found(open_2026: Library) -> None:
    assert ids(open_2026, "aluminium zzz") == []
    assert "met.cn.al" in ids(open_2026, "aluminium ingot")


def test_filters_hold(open_2026: Library) -> None:
    found = ids(open_2026, "electricity", place="CN", use="energy", kind="factor", limit=1000)
    assert found and all(open_2026.factors[i].place.startswith("CN") for i in found)
    assert all("organisation_only" not in open_2026.factors[i].allowed_uses for i in found)
    assert all(open_2026.items[i].unit == "m2" for i in ids(open_2026, "", unit="m2"))


def test_the_same_question_gets_the_same_answer(open_2026: Library) -> None:
    assert search(open_2026, "lithium carbonate") == search(open_2026, "lithium carbonate")
