"""Standards: read, lint and resolve packs."""

from .clause import Clause, LineTemplate, Option, Review
from .pack import Pack, PackTable, read_pack
from .resolve import Rulebook, find_packs, resolve

__all__ = [
    "Clause",
    "LineTemplate",
    "Option",
    "Pack",
    "PackTable",
    "Review",
    "Rulebook",
    "find_packs",
    "read_pack",
    "resolve",
]
