"""The Brightway Excel layout, as bw2io writes it and premise's inventory workbooks use it.

Cells hold values; a formula is read by its cached value, and one without a cached value is an error with sheet and
cell, never an empty cell. Experimental: no workbook made by bw2io or premise was at hand, only the cell values that a
third party extracted from premise's 82 workbooks, which the tests write back into this layout and read.
"""

from .layout import NAME, compartment_of, is_resource, uncertainty_of
from .read import read, recognises
from .write import write

__all__ = ["NAME", "compartment_of", "is_resource", "read", "recognises", "uncertainty_of", "write"]
