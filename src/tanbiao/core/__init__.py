"""Quantities, units, basis, value states, digests, errors. Names no noun of the domain."""
