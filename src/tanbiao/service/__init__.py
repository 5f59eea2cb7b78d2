"""Use cases: what the commands, the workbench and Python users call. Holds no formula."""

from .places import Places
from .run import Run, check_study, load, run_study

__all__ = ["Places", "Run", "check_study", "load", "run_study"]
