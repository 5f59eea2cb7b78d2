"""What holds for every page: links resolve, languages come in pairs, no machine of ours shines through."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest

from .pages import DOCS, FENCE, ROOT, every, lang_of, written

LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
ONE_LANGUAGE = ("decisions", "performance.md", "records")
"""Notes for those who build the system; they are kept in English."""
SPEED = re.compile(
    r"\b\d[\d,.]*\s*(?:ms|µs|milliseconds|seconds?)(?![\w-])|\bfaster than\b"
    r"|\b\d[\d.]*\s*(?:times|×)\s+(?:as\s+)?(?:fast|slow)|\d\s*(?:毫秒|微秒|秒)|快\s*\d+\s*倍"
)
MACHINE = re.compile(
    r"/(?:home|root|work|tmp|Users|opt)/\w|[A-Z]:\\\\?Users|pypi\.org|pythonhosted|npmjs|"
    r"index-url|://[\w.-]*(?:mirror|artifact|registry)"
)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def headings(page: Path) -> list[str]:
    return re.findall(r"^(#{1,6}) (.+)$", prose(page), re.M)  # type: ignore[return-value]


def anchors(page: Path) -> set[str]:
    """Anchors as GitHub makes them: lower case, punctuation dropped, spaces to hyphens, repeats numbered."""
    seen: Counter[str] = Counter()
    found = set()
    for _, title in headings(page):
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def pair_of(page: Path) -> Path:
    if page.stem.endswith(".en"):
        return page.with_name(page.name.replace(".en.md", ".zh.md"))
    return page.with_name(page.name.replace(".md", ".zh.md"))


@pytest.mark.parametrize("page", every(), ids=name)
def test_links_resolve(page: Path) -> None:
    broken = []
    for target in LINK.findall(prose(page)):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists():
            broken.append(target)
        elif anchor and there.suffix == ".md" and anchor.lower() not in anchors(there):
            broken.append(f"{target} (no such heading)")
    assert broken == []


def test_pages_come_in_both_languages() -> None:
    first = [
        p
        for p in every()
        if lang_of(p) == "en"
        and p.name != "CHANGELOG.md"
        and not any(part in p.relative_to(ROOT).parts for part in ONE_LANGUAGE)
    ]
    assert [name(p) for p in first if not pair_of(p).is_file()] == []
    pairs = {pair_of(p) for p in first}
    assert [name(p) for p in every() if lang_of(p) == "zh" and p not in pairs] == []


@pytest.mark.parametrize(
    "page", [p for p in every() if lang_of(p) == "en" and pair_of(p).is_file()], ids=name
)
def test_both_languages_have_the_same_headings_and_examples(page: Path) -> None:
    other = pair_of(page)
    assert [level for level, _ in headings(page)] == [level for level, _ in headings(other)]
    kinds = [[m[1] for m in FENCE.finditer(p.read_text(encoding="utf-8"))] for p in (page, other)]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("page", written(), ids=name)
def test_chinese_pages_are_chinese(page: Path) -> None:
    text = re.sub(r"\]\([^)]*\)|`[^`]*`", "", prose(page))
    han, letters = (len(re.findall(kind, text)) for kind in (r"[\u4e00-\u9fff]", r"[A-Za-z]"))
    if lang_of(page) == "zh":
        assert han > 0.3 * letters
    else:
        assert han < 0.1 * max(letters, 1)


@pytest.mark.parametrize("page", every(), ids=name)
def test_no_machine_and_no_registry_is_named(page: Path) -> None:
    assert MACHINE.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", every(), ids=name)
def test_a_claim_about_speed_points_to_its_record(page: Path) -> None:
    claims = SPEED.findall(prose(page))
    if claims:
        records = re.findall(r"records/([\w.-]+\.json)", prose(page))
        assert records, claims
        assert [r for r in records if not (DOCS / "records" / r).is_file()] == []


def test_pictures_are_small() -> None:
    pictures = sorted((DOCS / "images").glob("*.png"))
    assert pictures
    assert [p.name for p in pictures if p.stat().st_size > 300_000] == []
