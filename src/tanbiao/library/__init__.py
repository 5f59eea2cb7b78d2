"""Background data: read, link, compile, check, search. Immutable, versioned; knows no study and no pack."""

from .check import check_library, check_use
from .compile import (
    JUDGED_FACTOR_HALF_WIDTH,
    Bounds,
    Compiled,
    bounds,
    compile_library,
    total,
    vector,
)
from .model import (
    GWP_SETS,
    POSITIONS,
    Check,
    Content,
    Exchange,
    Factor,
    Gas,
    Item,
    KnownFault,
    Library,
    Part,
    Process,
)
from .paths import Contribution, paths
from .read import overlay, read_library, row_digest
from .sampling import Sampled, sampled
from .search import Hit, search

__all__ = [
    "GWP_SETS",
    "JUDGED_FACTOR_HALF_WIDTH",
    "POSITIONS",
    "Bounds",
    "Check",
    "Compiled",
    "Content",
    "Contribution",
    "Exchange",
    "Factor",
    "Gas",
    "Hit",
    "Item",
    "KnownFault",
    "Library",
    "Part",
    "Process",
    "Sampled",
    "bounds",
    "check_library",
    "check_use",
    "compile_library",
    "overlay",
    "paths",
    "read_library",
    "row_digest",
    "sampled",
    "search",
    "total",
    "vector",
]
