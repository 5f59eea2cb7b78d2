"""The study: what the user declares, read from a folder or a workbook, every cell with its place."""

from .model import Cell, Study, Table
from .read import read_study
from .schema import MASSFLOW, SCHEMA, TABLES, ColumnSpec

__all__ = ["MASSFLOW", "SCHEMA", "TABLES", "Cell", "ColumnSpec", "Study", "Table", "read_study"]
