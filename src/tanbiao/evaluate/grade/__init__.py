"""A table of baselines and the quantities it names → a level, with all that explains it."""
