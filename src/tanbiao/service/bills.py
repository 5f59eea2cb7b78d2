"""Bills of materials of a portfolio, from CSV or Parquet, in one file or in a folder of parts, read out of core.

Texts become codes and numbers columns as they are read, in scratch files that are gone when the last map of them is:
a table of thirty million lines needs the memory of its names and of one block.
"""

from __future__ import annotations

import bisect
import csv
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Place, Problem, refuse
from ..core.numbers import fast_number
from ..evaluate.portfolio import SHOWN, Lines

REQUIRED = ("product", "item", "amount")
CODES = {"product": "names", "item": "names", "unit": "units", "product_unit": "units"}
NUMBERS = ("amount", "primary_share", "quality")
COLUMNS = (*REQUIRED, "unit", "product_unit", "primary_share", "quality")
IGNORED = ("id", "note")
ROWS = 200_000
"""Rows read together."""

Texts = tuple[NDArray[np.integer[Any]], Sequence[str]]
"""A column of texts as codes into its own short list; a cell that says nothing is ""."""


def scratch(size: int, dtype: Any) -> NDArray[Any]:
    """An array of this size in a file without a name."""
    if size == 0:
        return np.empty(0, dtype)
    return np.memmap(tempfile.TemporaryFile(), dtype, "w+", shape=(size,))


def read_lines(path: Path) -> Lines:
    """Bills with the columns product, item, amount and, where wanted, unit, product_unit, primary_share, quality.

    path: a CSV or Parquet file, or a folder of them, taken in the order of their names. Cells that cannot be read are
    `Lines.problems`; raises `TanbiaoError` where there is no table.
    """
    parts = _parts(path)
    problems: list[Problem] = []
    words: dict[str, dict[str, int]] = {"names": {}, "units": {"": 0}}
    columns = {c: _Column(np.int32) for c in CODES} | {c: _Column(np.float64) for c in NUMBERS}
    rows, starts = _Column(np.int32), []
    for part in parts:
        starts.append(rows.size)
        for numbers, block in _blocks(part, problems):
            rows.add(numbers)
            for name, column in columns.items():
                given = block.get(name, (np.zeros(numbers.size, dtype=np.int8), [""]))
                if name in CODES:
                    column.add(_coded(part.name, name, given, numbers, words[CODES[name]], problems))
                else:
                    column.add(_numbers(part.name, name, given, numbers, problems))
    if not problems and not rows.size:
        problems.append(Problem("table-empty", Place(path.name)))
    row = rows.array()

    def place(k: int, column: str) -> Place:
        return Place(parts[bisect.bisect_right(starts, k) - 1].name, int(row[k]), column)

    return Lines(
        names=tuple(words["names"]),
        units=tuple(words["units"]),
        place=place,
        problems=tuple(problems),
        **{name: column.array() for name, column in columns.items()},
    )


def _parts(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = (
        sorted(p for p in path.glob("*") if p.suffix.lower() in (".csv", ".parquet")) if path.is_dir() else []
    )
    if not found:
        raise refuse("portfolio-unreadable", Place(path.name), detail="—")
    return found


class _Column:
    """Values written to a scratch file as they come."""

    def __init__(self, dtype: Any) -> None:
        self.dtype, self.file, self.size = np.dtype(dtype), tempfile.TemporaryFile(), 0  # noqa: SIM115

    def add(self, values: NDArray[Any]) -> None:
        self.file.write(np.ascontiguousarray(values, dtype=self.dtype).tobytes())
        self.size += values.size

    def array(self) -> NDArray[Any]:
        self.file.flush()
        return np.memmap(self.file, self.dtype, "r") if self.size else np.empty(0, self.dtype)


def _coded(
    file: str, column: str, given: Texts, rows: NDArray[Any], words: dict[str, int], problems: list[Problem]
) -> NDArray[np.int32]:
    codes, texts = given
    own = np.array([words.setdefault(text, len(words)) for text in texts], dtype=np.int32)
    if column in REQUIRED:
        empty = np.array([not text for text in texts])[codes]
        for k in np.flatnonzero(empty)[:SHOWN].tolist():
            problems.append(Problem("cell-missing", Place(file, int(rows[k]), column), {"column": column}))
    return np.asarray(own[codes])


def _numbers(
    file: str, column: str, given: Texts | NDArray[Any], rows: NDArray[Any], problems: list[Problem]
) -> NDArray[np.float64]:
    needed = column in REQUIRED
    if isinstance(given, tuple):
        codes, texts = given
        own = np.array([_number(text) for text in texts])
        values, said = own[codes], np.array([bool(text) for text in texts])[codes]
    else:
        values = np.asarray(given, dtype=np.float64)
        codes, texts, said = np.arange(values.size), [], ~np.isnan(values)
    for k in np.flatnonzero(~np.isfinite(values) & (said | needed))[:SHOWN].tolist():
        text = texts[codes[k]] if texts else str(values[k])
        problems.append(Problem("number-expected", Place(file, int(rows[k]), column), {"text": text[:60]}))
    return np.asarray(values)


def _number(text: str) -> float:
    try:
        return fast_number(text)
    except ValueError:
        return float("nan")


def _blocks(part: Path, problems: list[Problem]) -> Iterator[tuple[NDArray[Any], Mapping[str, Any]]]:
    """Row numbers and columns, some rows at a time."""
    return _parquet(part, problems) if part.suffix.lower() == ".parquet" else _csv(part, problems)


def _fit(part: Path, columns: Sequence[str], problems: list[Problem]) -> bool:
    missing = [c for c in REQUIRED if c not in columns]
    unknown = [c for c in columns if c not in COLUMNS and c not in IGNORED]
    problems += [Problem("column-missing", Place(part.name, 1), {"column": c}) for c in missing]
    problems += [
        Problem("column-unknown", Place(part.name, 1, c), {"column": c, "known": ", ".join(COLUMNS)})
        for c in unknown
    ]
    return not (missing or unknown)


def _csv(part: Path, problems: list[Problem]) -> Iterator[tuple[NDArray[Any], Mapping[str, Any]]]:
    try:
        with part.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            head = [c.strip() for c in next(reader, [])]
            if not _fit(part, head, problems):
                return
            numbers: list[int] = []
            body: list[list[str]] = []
            for cells in reader:
                if len(cells) != len(head) and any(cells):
                    problems.append(Problem("row-long", Place(part.name, reader.line_num)))
                    if len(problems) >= SHOWN:
                        return
                elif any(cells):
                    numbers.append(reader.line_num)
                    body.append(cells)
                if len(body) == ROWS:
                    yield _csv_block(head, numbers, body)
                    numbers, body = [], []
            if body:
                yield _csv_block(head, numbers, body)
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise refuse("portfolio-unreadable", Place(part.name), detail=str(error)) from None


def _csv_block(
    head: Sequence[str], numbers: list[int], body: list[list[str]]
) -> tuple[NDArray[Any], Mapping[str, Any]]:
    columns: dict[str, Any] = {}
    for name, cells in zip(head, zip(*body, strict=True), strict=True):
        words: dict[str, int] = {}
        codes = np.array([words.setdefault(cell, len(words)) for cell in cells], dtype=np.int32)
        columns[name] = codes, [text.strip() for text in words]
    return np.array(numbers), columns


def _parquet(part: Path, problems: list[Problem]) -> Iterator[tuple[NDArray[Any], Mapping[str, Any]]]:
    try:
        import pyarrow  # type: ignore[import-not-found, import-untyped, unused-ignore]
        from pyarrow import parquet
    except ImportError:
        raise refuse("portfolio-parquet", Place(part.name)) from None
    try:
        with parquet.ParquetFile(part) as file:
            if not _fit(part, file.schema_arrow.names, problems):
                return
            first = 1
            for batch in file.iter_batches(
                batch_size=ROWS, columns=[c for c in file.schema_arrow.names if c in COLUMNS]
            ):
                columns = {
                    name: _arrow(batch.column(name), name in NUMBERS, pyarrow) for name in batch.schema.names
                }
                yield np.arange(first, first + batch.num_rows), columns
                first += batch.num_rows
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise refuse("portfolio-unreadable", Place(part.name), detail=str(error)) from None


def _arrow(column: Any, number: bool, pyarrow: Any) -> Texts | NDArray[Any]:
    kind = column.type
    if number and (pyarrow.types.is_floating(kind) or pyarrow.types.is_integer(kind)):
        return np.asarray(
            column.cast(pyarrow.float64()).fill_null(float("nan")).to_numpy(zero_copy_only=False)
        )
    if not pyarrow.types.is_dictionary(kind):
        column = column.cast(pyarrow.string()).dictionary_encode()
    words = column.dictionary
    codes = column.indices.fill_null(len(words)).to_numpy(zero_copy_only=False).astype(np.int64)
    used = np.flatnonzero(np.bincount(codes, minlength=1))  # the dictionary may be that of a whole file
    short = np.zeros(len(words) + 1, dtype=np.int32)
    short[used] = np.arange(used.size)
    texts = words.take(pyarrow.array(used[used < len(words)])).to_pylist()
    return short[codes], [*("" if t is None else str(t).strip() for t in texts), ""]
