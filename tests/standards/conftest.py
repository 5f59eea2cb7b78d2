"""Small packs written for one test."""

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a pack below tmp_path: `write("a@1", clauses="- {…}", builds_on=["b@1"], tables={"t": "…"})`."""

    def pack(
        name: str,
        clauses: str = "[]",
        builds_on: list[str] | None = None,
        revision: int = 1,
        tables: dict[str, str] | None = None,
        cases: str = "",
        released: bool = False,
    ) -> Path:
        id_, _, edition = name.partition("@")
        folder = tmp_path / id_ / edition
        folder = folder / "released" / str(revision) if released else folder
        for part in ("clauses", "tables", "cases"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "pack.yaml").write_text(
            f'id: {id_}\nedition: "{edition}"\nrevision: {revision}\ntitle: {{zh: 包, en: pack}}\n'
            f"status: constructed\nbuilds_on: [{', '.join(builds_on or [])}]\n"
            "source: {document: constructed}\nlicence: CC0-1.0\nreview: constructed\n",
            encoding="utf-8",
        )
        (folder / "clauses" / "1.yaml").write_text(clauses, encoding="utf-8")
        for stem, text in (tables or {}).items():
            (folder / "tables" / f"{stem}.csv").write_text(text, encoding="utf-8")
        if cases:
            (folder / "cases" / "1.yaml").write_text(cases, encoding="utf-8")
        return tmp_path

    return pack
