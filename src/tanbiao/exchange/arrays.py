"""Arrays of strangers: .npy without pickles, and vectors in .parquet."""

from __future__ import annotations

import io
import math
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MAX_HEADER = 10_000


def npy(data: bytes) -> np.ndarray:
    """The array of a .npy file. Raises ValueError: objects (pickles) are refused, and a header that claims another
    size than the file has."""
    import numpy as np
    from numpy.lib import format as layout

    file = io.BytesIO(data)
    readers = {(1, 0): layout.read_array_header_1_0, (2, 0): layout.read_array_header_2_0}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 wrote
            shape, fortran, dtype = readers[layout.read_magic(file)](file, max_header_size=MAX_HEADER)
    except Exception as error:  # the header is read as Python: it raises what its tokens cause
        raise ValueError(f"not the header of a .npy file: {str(error)[:80]}") from None
    if dtype.hasobject:
        raise ValueError("an array of Python objects is not read")
    count = math.prod(shape)
    if len(shape) > 2 or any(s < 0 for s in shape) or count * dtype.itemsize != len(data) - file.tell():
        raise ValueError(f"the header says {shape} of {dtype}, the file has {len(data) - file.tell()} bytes")
    if not count:
        return np.zeros(shape, dtype=dtype)
    flat = np.frombuffer(data, dtype=dtype, offset=file.tell())
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


def parquet(data: bytes) -> np.ndarray:
    """A vector as bw_processing puts it into parquet: one column `0`, or named columns. Raises ValueError."""
    import numpy as np

    try:
        import pyarrow  # type: ignore[import-untyped, import-not-found, unused-ignore]
        import pyarrow.parquet  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        raise ValueError("reading .parquet needs pyarrow") from None
    try:
        table = pyarrow.parquet.read_table(pyarrow.BufferReader(data))
        columns = {n: np.asarray(table.column(n).to_numpy()) for n in table.column_names}
    except (pyarrow.ArrowException, KeyError, OSError) as error:
        raise ValueError(str(error)[:80]) from None
    if any(c.dtype.hasobject for c in columns.values()):
        raise ValueError("columns that are no numbers")
    if list(columns) == ["0"]:
        return columns["0"]
    out = np.zeros(table.num_rows, dtype=[(n, c.dtype) for n, c in columns.items()])
    for n, c in columns.items():
        out[n] = c
    return out


__all__ = ["npy", "parquet"]
