"""The folders, roots and paths of ILCD."""

from __future__ import annotations

from ..model import FlowKind

NAME = "ilcd"
ROOTS = {
    "processes": "processDataSet",
    "flows": "flowDataSet",
    "flowproperties": "flowPropertyDataSet",
    "unitgroups": "unitGroupDataSet",
    "contacts": "contactDataSet",
    "sources": "sourceDataSet",
    "lciamethods": "LCIAMethodDataSet",
}
SPACES = {
    "processes": "Process",
    "flows": "Flow",
    "flowproperties": "FlowProperty",
    "unitgroups": "UnitGroup",
}
FLOW_KINDS: dict[str, FlowKind] = {
    "product flow": "product",
    "waste flow": "waste",
    "elementary flow": "elementary",
    "other flow": "product",
}
DOCS = {  # our key → path in a process data set
    "description": ("processInformation", "dataSetInformation", "common:generalComment"),
    "time": ("processInformation", "time", "common:timeRepresentativenessDescription"),
    "geography": (
        "processInformation",
        "geography",
        "locationOfOperationSupplyOrProduction",
        "descriptionOfRestrictions",
    ),
    "technology": ("processInformation", "technology", "technologyDescriptionAndIncludedProcesses"),
    "application": ("processInformation", "technology", "technologicalApplicability"),
    "functional_unit": ("processInformation", "quantitativeReference", "functionalUnitOrOther"),
    "method": ("modellingAndValidation", "LCIMethodAndAllocation", "deviationsFromLCIMethodPrinciple"),
    "constants": ("modellingAndValidation", "LCIMethodAndAllocation", "modellingConstants"),
    "completeness": (
        "modellingAndValidation",
        "dataSourcesTreatmentAndRepresentativeness",
        "dataCutOffAndCompletenessPrinciples",
    ),
    "data_selection": (
        "modellingAndValidation",
        "dataSourcesTreatmentAndRepresentativeness",
        "dataSelectionAndCombinationPrinciples",
    ),
    "data_treatment": (
        "modellingAndValidation",
        "dataSourcesTreatmentAndRepresentativeness",
        "dataTreatmentAndExtrapolationsPrinciples",
    ),
    "sampling": ("modellingAndValidation", "dataSourcesTreatmentAndRepresentativeness", "samplingProcedure"),
    "use_advice": (
        "modellingAndValidation",
        "dataSourcesTreatmentAndRepresentativeness",
        "useAdviceForDataSet",
    ),
}
