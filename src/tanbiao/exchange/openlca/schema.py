"""The fields of openLCA's data sets that are read, and the words of the format."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..model import FlowKind, RuleName, Uncertainty

NAME = "openlca"
FLOW_KINDS: dict[str, FlowKind] = {
    "PRODUCT_FLOW": "product",
    "WASTE_FLOW": "waste",
    "ELEMENTARY_FLOW": "elementary",
}
ALLOCATIONS: dict[str, RuleName] = {
    "PHYSICAL_ALLOCATION": "physical",
    "ECONOMIC_ALLOCATION": "economic",
    "CAUSAL_ALLOCATION": "causal",
}
DOCS = {  # our key → key of processDocumentation
    "time": "timeDescription",
    "technology": "technologyDescription",
    "geography": "geographyDescription",
    "data_collection": "dataCollectionDescription",
    "completeness": "completenessDescription",
    "data_selection": "dataSelectionDescription",
    "data_treatment": "dataTreatmentDescription",
    "sampling": "samplingDescription",
    "method": "inventoryMethodDescription",
    "constants": "modelingConstantsDescription",
    "application": "intendedApplication",
    "project": "projectDescription",
    "review": "reviewDetails",
    "use_advice": "useAdvice",
}
OTHER_FOLDERS = (
    "actors",
    "sources",
    "dq_systems",
    "categories",
    "locations",
    "unit_groups",
    "flow_properties",
    "currencies",
    "social_indicators",
    "lcia_methods",
    "lcia_categories",
    "product_systems",
    "projects",
    "results",
    "epds",
)


class Ref(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    location: str | None = None
    refUnit: str | None = None
    flowType: str = ""


class Spread(msgspec.Struct, gc=False):
    distributionType: str = ""
    geomMean: float | None = None
    geomSd: float | None = None
    mean: float | None = None
    sd: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    mode: float | None = None


class FullExchange(msgspec.Struct, gc=False):
    flow: Ref
    amount: float = 0.0
    unit: Ref | None = None
    isInput: bool | None = None
    input: bool | None = None
    isQuantitativeReference: bool | None = None
    quantitativeReference: bool | None = None
    isAvoidedProduct: bool | None = None
    avoidedProduct: bool | None = None
    defaultProvider: Ref | None = None
    location: Ref | None = None
    internalId: int | None = None
    amountFormula: str | None = None
    uncertainty: Spread | None = None
    dqEntry: str | None = None
    flowProperty: Ref | None = None
    description: str | None = None


class Factor(msgspec.Struct):
    allocationType: str = ""
    product: Ref | None = None
    value: float = 0.0
    exchange: Any = None
    formula: str | None = None


class FullProcess(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    exchanges: list[FullExchange] = []
    category: Any = None
    location: Ref | None = None
    processType: str = ""
    processDocumentation: dict[str, Any] | None = None
    defaultAllocationMethod: str | None = None
    allocationFactors: list[Factor] = []
    parameters: list[dict[str, Any]] = []
    version: str | None = None
    description: str | None = None
    dqEntry: str | None = None


class SlimRef(msgspec.Struct, gc=False):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""


class SlimId(msgspec.Struct, gc=False):
    id: str = msgspec.field(name="@id", default="")


class SlimUnit(msgspec.Struct, gc=False):
    name: str = ""


class NoSpread(msgspec.Struct, tag_field="distributionType", tag="NO_DISTRIBUTION", gc=False):
    """An exchange that says it has no distribution."""


class LogNormal(
    Uncertainty,
    frozen=True,
    kw_only=True,
    tag_field="distributionType",
    tag="LOG_NORMAL_DISTRIBUTION",
):
    a: float = msgspec.field(name="geomMean")
    b: float = msgspec.field(name="geomSd")
    kind: Literal["lognormal"] = "lognormal"


class Normal(
    Uncertainty,
    frozen=True,
    kw_only=True,
    tag_field="distributionType",
    tag="NORMAL_DISTRIBUTION",
):
    a: float = msgspec.field(name="mean")
    b: float = msgspec.field(name="sd")
    kind: Literal["normal"] = "normal"


class Uniform(
    Uncertainty,
    frozen=True,
    kw_only=True,
    tag_field="distributionType",
    tag="UNIFORM_DISTRIBUTION",
):
    a: float = msgspec.field(name="minimum")
    b: float = msgspec.field(name="maximum")
    kind: Literal["uniform"] = "uniform"


class Triangular(
    Uncertainty,
    frozen=True,
    kw_only=True,
    tag_field="distributionType",
    tag="TRIANGLE_DISTRIBUTION",
):
    a: float = msgspec.field(name="minimum")
    b: float = msgspec.field(name="mode")
    c: float = msgspec.field(name="maximum")
    kind: Literal["triangular"] = "triangular"


class SlimExchange(msgspec.Struct, gc=False):
    """What linking needs, and nothing else: the import of a large database decodes only this."""

    flow: SlimId
    unit: SlimUnit
    amount: float = 0.0
    isInput: bool = False
    input: bool = False
    isQuantitativeReference: bool = False
    quantitativeReference: bool = False
    isAvoidedProduct: bool = False
    avoidedProduct: bool = False
    defaultProvider: SlimId | None = None
    location: SlimRef | None = None
    internalId: int | None = None
    amountFormula: str | None = None
    uncertainty: LogNormal | Normal | Uniform | Triangular | NoSpread | None = None
    dqEntry: str | None = None


class SlimDocumentation(msgspec.Struct, gc=False):
    validFrom: Any = None
    validUntil: Any = None
    restrictionsDescription: Any = None


class SlimProcess(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    exchanges: list[SlimExchange] = []
    category: Any = None
    location: Ref | None = None
    processType: str = ""
    processDocumentation: SlimDocumentation | None = None
    defaultAllocationMethod: str | None = None
    allocationFactors: list[Factor] = []
    version: str | None = None


class SlimMeasure(msgspec.Struct, gc=False):
    isRefFlowProperty: bool = False
    referenceFlowProperty: bool = False
    conversionFactor: float = 1.0
    flowProperty: Ref | None = None


class SlimFlow(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    flowType: str = ""
    cas: str | None = None
    synonyms: str | None = None
    category: Any = None
    location: Ref | None = None
    flowProperties: list[SlimMeasure] = []


PROCESS = msgspec.json.Decoder(FullProcess)
SLIM_FLOW = msgspec.json.Decoder(SlimFlow)
SLIM_PROCESS = msgspec.json.Decoder(SlimProcess)
ENTITY = msgspec.json.Decoder()

DISTRIBUTIONS = {
    "lognormal": "LOG_NORMAL_DISTRIBUTION",
    "normal": "NORMAL_DISTRIBUTION",
    "uniform": "UNIFORM_DISTRIBUTION",
    "triangular": "TRIANGLE_DISTRIBUTION",
}
