"""Other people's formats: read into one model, linked openly, kept as a library, written with a loss report."""

from .draft import Draft
from .formats import FORMATS, Format, read, recognise, write
from .library import Head, write_library
from .link import link
from .mapping import Rules, read_mapping
from .model import Exchange, Flow, Inventory, Loss, Process, Result
from .store import Stored, find, list_stored, list_versions, store

__all__ = [
    "FORMATS",
    "Draft",
    "Exchange",
    "Flow",
    "Format",
    "Head",
    "Inventory",
    "Loss",
    "Process",
    "Result",
    "Rules",
    "Stored",
    "find",
    "link",
    "list_stored",
    "list_versions",
    "read",
    "read_mapping",
    "recognise",
    "store",
    "write",
    "write_library",
]
