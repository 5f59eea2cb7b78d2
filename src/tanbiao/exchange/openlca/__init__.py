"""openLCA JSON-LD: one JSON for each entity in a folder or zip. Old (1.x) and new (2.x) generation.

Read from foreign-made files: US Forest Products Laboratory (1.x). The newer generation is read by its schema
(GreenDelta/olca-schema 2.4) and by the data sets that the package olca-schema writes.

Processes are decoded by msgspec straight into the fields that are needed, one file at a time, so that a database of
any size passes through a bounded memory. With `keep`, the rest of each data set is kept for writing it back.
"""

from __future__ import annotations

from .read import read, recognises
from .schema import NAME
from .write import entities, identity, write

__all__ = ["NAME", "entities", "identity", "read", "recognises", "write"]
