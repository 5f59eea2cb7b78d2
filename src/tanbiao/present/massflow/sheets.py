"""The sheets by the name that commands use. HTML, DOCX and PDF are written from them as from the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...core.errors import Lang
from ...evaluate import Result
from ...study import Study
from ..document import Document
from .battery import battery_documentation
from .dismantler import certificates, month_return
from .vehicle import dismantling_manual, vehicle_sheet

SHEETS: dict[str, Callable[[Study, Sequence[Result], Lang], Document]] = {
    "vehicle": vehicle_sheet,
    "manual": dismantling_manual,
    "battery": battery_documentation,
    "return": month_return,
    "certificates": certificates,
}
"""The sheets by the name that commands use."""
