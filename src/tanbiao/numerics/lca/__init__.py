"""Linear life cycle systems on arrays: solve, sample, and take a result apart.

Matrix-based inventory as in Heijungs and Suh, *The Computational Structure of Life Cycle Assessment* (2002),
ch. 2: `A s = f` gives the runs of every process, `A' h = b` gives the burden of one unit of every product.
"""

from .breakeven import Breakeven, along, breakeven
from .contribution import Flows, by_entry, by_label, by_process, by_supplier, flows
from .draws import SAMPLER, NamedDraws, keyed, marks, named, named_draws
from .ensemble import Burdens, Ensemble, prepare, system_of
from .foreground import on_library
from .gradient import Gradient, Spread, gradient, largest, spread
from .inventory import InventoryDraws, inventory_draws
from .judged import Unsolved
from .lanes import adjoint_lanes, forward_lanes
from .montecarlo import Draws, Sides, at_means, monte_carlo, sides
from .paths import Tree, paths
from .productivity import Loop
from .rollup import Bills, rollup
from .sobol import sobol
from .solve import Solution, activities, adjoint, dependants, forward, solve, unproductive
from .store import arrays_of, compiled_in, system_of_arrays
from .streams import LANES
from .system import NotProductive, NotSolvable, System, compile_system, with_values
from .uncertainty import LARGEST_SIGMA, Uncertainty, fixed, lognormal, moments, pedigree

SIGNATURE = "lca/2"
"""Version of these numerics; it changes whenever a result could change by more than 1e-9."""

__all__ = [
    "LANES",
    "LARGEST_SIGMA",
    "SAMPLER",
    "SIGNATURE",
    "Bills",
    "Breakeven",
    "Burdens",
    "Draws",
    "Ensemble",
    "Flows",
    "Gradient",
    "InventoryDraws",
    "Loop",
    "NamedDraws",
    "NotProductive",
    "NotSolvable",
    "Sides",
    "Solution",
    "Spread",
    "System",
    "Tree",
    "Uncertainty",
    "Unsolved",
    "activities",
    "adjoint",
    "adjoint_lanes",
    "along",
    "arrays_of",
    "at_means",
    "breakeven",
    "by_entry",
    "by_label",
    "by_process",
    "by_supplier",
    "compile_system",
    "compiled_in",
    "dependants",
    "fixed",
    "flows",
    "forward",
    "forward_lanes",
    "gradient",
    "inventory_draws",
    "keyed",
    "largest",
    "lognormal",
    "marks",
    "moments",
    "monte_carlo",
    "named",
    "named_draws",
    "on_library",
    "paths",
    "pedigree",
    "prepare",
    "rollup",
    "sides",
    "sobol",
    "solve",
    "spread",
    "system_of",
    "system_of_arrays",
    "unproductive",
    "with_values",
]
