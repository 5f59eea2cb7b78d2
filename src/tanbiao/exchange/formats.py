"""The formats known: recognised from what a source holds, read, written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ..core.errors import Place, TanbiaoError, refuse
from ..core.text import Text
from . import brightway, datapackage, ecospold, footprints, ilcd, iotable, openlca, simapro
from .formulas import computed
from .model import Inventory, Loss
from .source import Source, open_source


@dataclass(frozen=True)
class Format:
    """One format: `experimental` says that its reader has never read a foreign-made file."""

    name: str
    title: Text
    experimental: bool
    read: Callable[[Source, bool], Inventory]
    write: Callable[[Inventory, Path], tuple[Loss, ...]] | None = None
    suffix: str = ""


def _tidas(inventory: Inventory, target: Path) -> tuple[Loss, ...]:
    return ilcd.write(inventory, target, tidas=True)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        f.name: f
        for f in (
            Format(
                "openlca",
                Text("openLCA JSON-LD", "openLCA JSON-LD"),
                False,
                openlca.read,
                openlca.write,
                ".zip",
            ),
            Format("ilcd", Text("ILCD XML", "ILCD XML"), False, ilcd.read, ilcd.write, ".zip"),
            Format(
                "tidas", Text("TIDAS JSON（天工）", "TIDAS JSON (TianGong)"), True, ilcd.read, _tidas, ".zip"
            ),
            Format("ecospold1", Text("ecoSpold 1", "ecoSpold 1"), False, ecospold.read),
            Format("ecospold2", Text("ecoSpold 2", "ecoSpold 2"), False, ecospold.read),
            Format(
                "brightway",
                Text("Brightway 工作簿", "Brightway workbook"),
                True,
                brightway.read,
                brightway.write,
                ".xlsx",
            ),
            Format(
                "datapackage",
                Text("Brightway 数据包（bw_processing）", "Brightway datapackage (bw_processing)"),
                True,
                datapackage.read,
            ),
            Format("iotable", Text("投入产出表", "input-output table"), False, iotable.read),
            Format("pact3", Text("PACT v3 碳足迹", "PACT v3 footprints"), False, footprints.read),
            Format("pact2", Text("PACT v2 碳足迹", "PACT v2 footprints"), True, footprints.read),
            Format("openepd", Text("openEPD", "openEPD"), True, footprints.read),
            Format("simapro", Text("SimaPro CSV", "SimaPro CSV"), True, simapro.read),
        )
    }
)


def recognise(source: Source) -> str | None:
    """The name of the format, or None."""
    try:
        if openlca.recognises(source):
            return "openlca"
        if ilcd.recognises(source):
            tidas = (
                source.names(".json", "processes")
                or source.names(".json", "flows")
                or (source.single and source.name.lower().endswith(".json"))
            )
            return "tidas" if tidas else "ilcd"
        if datapackage.recognises(source):
            return "datapackage"
        found = ecospold.recognises(source) or footprints.recognises(source)
        if found:
            return found
        if iotable.recognises(source):
            return "iotable"
        if brightway.recognises(source):
            return "brightway"
        if simapro.recognises(source):
            return "simapro"
    except TanbiaoError:
        raise
    except Exception as error:  # a broken member met while looking
        raise refuse(
            "exchange-zip-broken", Place(source.name), detail=str(error)[:120] or type(error).__name__
        ) from None
    return None


def read(path: Path, format: str | None = None, keep: bool = True) -> Inventory:
    """Read a folder, zip or file. Refuses (`exchange-format-unknown`, `exchange-format-unnamed`, and what opening
    refuses); what is wrong inside is collected in `Inventory.problems`.

    A source that is read lazily (openLCA, ILCD, ecoSpold) stays open until its processes have run out.
    """
    source = open_source(path)
    name = format or recognise(source)
    if name is None:
        source.close()
        raise refuse("exchange-format-unknown", Place(path.name), formats=", ".join(FORMATS))
    if name not in FORMATS:
        source.close()
        raise refuse("exchange-format-unnamed", Place(path.name), format=name, formats=", ".join(FORMATS))
    inventory = FORMATS[name].read(source, keep)
    computed(inventory)
    return inventory


def write(inventory: Inventory, target: Path, format: str) -> tuple[Loss, ...]:
    """Write an inventory. Returns the loss report. Refuses (`exchange-format-unnamed`, `exchange-no-writer`)."""
    if format not in FORMATS:
        raise refuse("exchange-format-unnamed", Place(target.name), format=format, formats=", ".join(FORMATS))
    writer = FORMATS[format].write
    if writer is None:
        raise refuse(
            "exchange-no-writer",
            Place(target.name),
            format=format,
            formats=", ".join(f.name for f in FORMATS.values() if f.write is not None),
        )
    return writer(inventory, target)
