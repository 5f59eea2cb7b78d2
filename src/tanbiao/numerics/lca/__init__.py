"""Linear life cycle systems on arrays: solve, and take a result apart along its supply chain.

Matrix-based inventory as in Heijungs and Suh, *The Computational Structure of Life Cycle Assessment* (2002),
ch. 2: `A s = f` gives the scaling of every process, `Aᵀ h = b` gives the burden of one unit of every product.
"""

from .paths import Tree, paths
from .solve import NotSolvable, System, adjoint, dependants, factorise, forward, residual, unproductive

SIGNATURE = "lca/1"
"""Version of these numerics; it changes whenever a result could change by more than 1e-9."""

__all__ = [
    "SIGNATURE",
    "NotSolvable",
    "System",
    "Tree",
    "adjoint",
    "dependants",
    "factorise",
    "forward",
    "paths",
    "residual",
    "unproductive",
]
