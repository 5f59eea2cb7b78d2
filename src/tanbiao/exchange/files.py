"""Writing that leaves either the whole thing or nothing: into a temporary neighbour, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import Place, refuse


@contextmanager
def fresh_folder(target: Path) -> Iterator[Path]:
    """A new folder to write into; it becomes `target` when the block ends well, and is removed otherwise (also when
    interrupted). Refuses (`exchange-exists`) where `target` is there already."""
    if target.exists():
        raise refuse("exchange-exists", Place(target.name), name=target.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".part-", dir=target.parent))
    try:
        yield folder
        os.chmod(folder, 0o755)
        os.rename(folder, target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def fresh_file(target: Path, replace: bool = True) -> Iterator[Path]:
    """A new file to write; it becomes `target` when the block ends well."""
    if target.exists() and not replace:
        raise refuse("exchange-exists", Place(target.name), name=target.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".part-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_zip(target: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """A zip whose bytes depend on nothing but its members: their order and a fixed date."""
    with fresh_file(target) as path, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
