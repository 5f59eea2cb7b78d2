"""Every ```console block of the Chinese pages gives the lines that it states."""

from __future__ import annotations

from pathlib import Path

import pytest

from .examples import named, pages, stated_output_appears


@pytest.mark.parametrize("page", pages("zh"), ids=named)
def test_stated_output_appears(page: Path, tmp_path: Path) -> None:
    stated_output_appears(page, tmp_path)
