"""A foreground on a library: what is solved again when only the study changed."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from .solve import adjoint
from .system import Floats, System


def on_library(own: System, links: Any, burdens: Floats, library: Floats) -> Floats:
    """Intensities of a foreground that buys from a library which never buys from it.

    own: the foreground's system (n); links: (m, n) amounts of library products bought, per process as written;
    burdens: (n, k) direct; library: (m, k) the library's intensities, solved once. Returns (n, k). The library is not
    solved again: an edit of the foreground costs one solve of the foreground.
    """
    return adjoint(own, np.asarray(burdens, dtype=np.float64) + sparse.csr_array(links).T @ library)
