"""The label of a published footprint: its data, what it must not say, its drawing, its files."""
