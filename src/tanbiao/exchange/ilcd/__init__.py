"""ILCD XML, ILCD+EPD and TIDAS JSON: one mapping, since TIDAS is ILCD in JSON.

XML is first turned into the tree that TIDAS writes (see `xml`), then read; writing goes the other way round. What the
model has no field for stays in the tree under `foreign["ilcd"]` and comes back when the same format is written.

Read from foreign-made files: TianGong LCA v0.2.0 (ILCD XML). TIDAS JSON is read by its published schema and the
conversion examples of its tools; ILCD+EPD by its documentation: both are experimental here.
"""

from .read import read, recognises
from .schema import NAME
from .write import datasets, identity, write

__all__ = ["NAME", "datasets", "identity", "read", "recognises", "write"]
