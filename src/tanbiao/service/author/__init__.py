"""A pack made from a workbook: reading the form, checking it, writing the pack."""
