"""Staged mass flow: transfer networks with closure, sampled yields, dismantling sequences, custody credits."""

from .custody import Credit, credit
from .dismantle import Plan, Step, plan
from .network import Flow, Gap, LoopError, Network, flow, gaps, order
from .sampling import quantiles, shares, uniform

__all__ = [
    "Credit",
    "Flow",
    "Gap",
    "LoopError",
    "Network",
    "Plan",
    "Step",
    "credit",
    "flow",
    "gaps",
    "order",
    "plan",
    "quantiles",
    "shares",
    "uniform",
]
