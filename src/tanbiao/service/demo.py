"""The worked studies: two battery packs from facts to a signed bundle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Lang
from ..seal import Verification
from .bundle import bundle_of, signing_key, verify_bundle
from .files import write, write_labels, write_reports, write_run
from .places import Places, data_root
from .run import Run, load

STUDIES = ("lfp-pack", "nmc622-pack")
ISSUED = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
"""The demo's statements carry the date of the examples, so that the same checkout gives the same files."""

Say = Callable[[str, str], None]


@dataclass(frozen=True, eq=False)
class Example:
    """One study of the demo: its run, the files it left, what verifying its bundle said."""

    run: Run
    files: tuple[Path, ...]
    verified: Verification


@dataclass(frozen=True, eq=False)
class Demo:
    """What the demo did."""

    folder: Path
    examples: tuple[Example, ...]


def run_demo(folder: Path, lang: Lang, progress: Say) -> Demo:
    """Evaluate, report, label, sign, bundle and verify each worked study into `folder`."""
    places = Places()
    key = signing_key()
    found = []
    for name in STUDIES:
        progress(f"{name}：计算", f"{name}: evaluating")
        run = load(data_root() / "examples" / name, places).run()
        progress(f"{name}：报告与标签", f"{name}: report and label")
        files = [
            *write_reports(run, folder),
            *write_labels(run, folder, "svg"),
            *write_labels(run, folder, "png", (lang,)),
            *write_run(run, folder / name),
        ]
        progress(f"{name}：签名、打包、复核", f"{name}: signing, bundling, verifying")
        sealed = bundle_of(run, places, key=key, issued=ISSUED)
        path = write(folder / f"{name}.tanbiao", sealed)
        found.append(Example(run, (*files, path), verify_bundle(path, now=ISSUED)))
    return Demo(folder, tuple(found))
