"""Limits on what a stranger's files may ask of a reader.

YAML is read within the limits of `core.text` (depth, nodes behind aliases); a workbook of a few kilobytes can
unpack to gigabytes, which is measured here before any reader sees it.
"""

from __future__ import annotations

import io
import zipfile

from ..core.errors import Place, TanbiaoError, refuse
from ..core.text import parse_yaml

MOST_UNPACKED = 512 * 2**20


def check_file(name: str, content: bytes) -> None:
    """Refuse (`bundle-form`) a YAML file or a workbook that would overrun its reader."""
    if name.endswith((".yaml", ".yml")):
        _yaml(name, content)
    elif name.endswith((".xlsx", ".xlsm")):
        _workbook(name, content)


def _yaml(name: str, content: bytes) -> None:
    try:
        parse_yaml(content.decode("utf-8-sig"), name)
    except (UnicodeDecodeError, TanbiaoError) as error:
        raise _refused(
            name, error.problems[0].text("en") if isinstance(error, TanbiaoError) else "UTF-8"
        ) from None


def _workbook(name: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            unpacked = sum(i.file_size for i in book.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _refused(name, "workbook") from None
    if unpacked > MOST_UNPACKED:
        raise _refused(name, f"more than {MOST_UNPACKED} bytes unpacked")


def _refused(name: str, detail: str) -> Exception:
    return refuse("bundle-form", Place(name), file=name, detail=detail)
