"""A supplier's plain sheet (part, material, mass, supplier, place) → the start of a study, with proposed providers.

Nothing is decided here: a proposal carries its score and a note; what is not near enough stays without provider and is
named. The user edits `provider` in matches.csv and imports again with it.
"""

from .draft import study_files
from .match import Match, match, matches_csv, read_matches
from .sheet import Line, read_bom

__all__ = ["Line", "Match", "match", "matches_csv", "read_bom", "read_matches", "study_files"]
