"""A made-up database of 20,000 processes and 720,000 exchanges: time and memory (soak tier)."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tanbiao.exchange import Process, read

from .conftest import ROOT
from .made import database
from .plain import read as read_plainly

READ = """
import resource, sys, time
from pathlib import Path
{body}
spent, status = time.process_time() - began, Path("/proc/self/status")
if status.exists():  # the peak that getrusage gives starts at the size of the process that started this one
    peak = next(int(x.split()[1]) for x in status.read_text().splitlines() if x.startswith("VmHWM"))
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(n, k, spent, peak / 1024)
"""
NUMPY = "import time; began = time.process_time(); import numpy; print(time.process_time() - began)"
OURS = """
from tanbiao.core.units import unit
from tanbiao.exchange import read
unit("kg")  # the unit file is loaded once in a program: not part of reading
began = time.process_time()
n = k = 0
for p in read(Path(sys.argv[1]), "openlca", keep=False):
    n += 1
    k += len(p.exchanges)
"""
PLAIN = """
from tests.exchange.plain import read
began = time.process_time()
flows, made = read(Path(sys.argv[1]))
n, k = len(made), sum(len(p.exchanges) for p in made)
"""
IMPORT = """
from tanbiao.service.exchange import ImportOptions, import_library
began = time.process_time()
found = import_library(Path(sys.argv[1]), ImportOptions(root=Path(sys.argv[2])))
n, k = found.summary["processes"], found.summary["exchanges"]
"""


def measured(body: str, *args: Path) -> tuple[int, int, float, float]:
    """(processes, exchanges, CPU seconds, peak MB) of a program of its own."""
    out = subprocess.run(
        [sys.executable, "-c", READ.format(body=body), *map(str, args)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    n, k, seconds, memory = out.stdout.split()
    return int(n), int(k), float(seconds), float(memory)


def test_the_plain_reader_that_speed_is_measured_against_does_the_same(tmp_path: Path) -> None:
    database(tmp_path / "db.zip", 40, per=12)
    ours = read(tmp_path / "db.zip", keep=False).gathered()
    flows, processes = read_plainly(tmp_path / "db.zip")
    assert ours.flows == flows
    assert {p.id: plain_data(p) for p in ours} == {p.id: plain_data(p) for p in processes}


def plain_data(p: Process) -> Any:
    """Without the class of a distribution: ours is decoded straight from the file's."""
    spreads = [(x.uncertainty.kind, x.uncertainty.a, x.uncertainty.b) for x in p.exchanges if x.uncertainty]
    bare = [msgspec.structs.replace(x, uncertainty=None) for x in p.exchanges]
    return msgspec.structs.replace(p, exchanges=tuple(bare)), spreads


@pytest.mark.slow
def test_twenty_thousand_processes(tmp_path: Path) -> None:
    from tanbiao.exchange.index import Opened

    path = tmp_path / "db.zip"
    database(path, 20_000)
    unpacked = (
        tmp_path / "stored.zip"
    )  # the same without compression: inflating is the same work for both readers
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(unpacked, "w", zipfile.ZIP_STORED) as archive:
        for name in packed.namelist():
            archive.writestr(name, packed.read(name))
    ours, plain = measured(OURS, unpacked), measured(PLAIN, unpacked)
    out_of_zip = measured(OURS, path)[2], measured(PLAIN, path)[2]
    load = round(os.getloadavg()[0], 1)
    whole = measured(IMPORT, path, tmp_path / "store")
    folder = next(p for p in (tmp_path / "store").glob("*/*") if p.is_dir())
    numpy = float(
        subprocess.run([sys.executable, "-c", NUMPY], capture_output=True, text=True, check=True).stdout
    )
    began = time.process_time()
    opened = Opened(folder)
    opening = time.process_time() - began
    began = time.process_time()
    for words in ("磷酸铁锂", "lithium iron", "铝", "steel production 19"):
        assert len(opened.search(words)) == 20
    searching = (time.process_time() - began) / 4
    record = {
        "processes": 20_000,
        "exchanges": 720_000,
        "zip_mb": round(path.stat().st_size / 1e6, 1),
        "reader_cpu_s": ours[2],
        "reader_peak_mb": ours[3],
        "plain_json_cpu_s": plain[2],
        "plain_json_peak_mb": plain[3],
        "factor": round(plain[2] / ours[2], 2),
        "reader_cpu_s_out_of_a_compressed_zip": out_of_zip[0],
        "plain_json_cpu_s_out_of_a_compressed_zip": out_of_zip[1],
        "factor_out_of_a_compressed_zip": round(out_of_zip[1] / out_of_zip[0], 2),
        "load_average": load,
        "import_cpu_s": whole[2],
        "import_peak_mb": whole[3],
        "opening_cpu_s": round(opening, 4),
        "importing_numpy_cpu_s": round(numpy, 4),
        "search_cpu_s": round(searching, 4),
    }
    print(json.dumps(record))
    if os.environ.get("TANBIAO_RECORDS"):
        _record(Path(os.environ["TANBIAO_RECORDS"]) / "exchange-scale.json", record)
    assert ours[:2] == plain[:2] == whole[:2] == (20_000, 720_000)
    assert ours[3] < 250 and whole[3] < 700


def _record(path: Path, figures: dict[str, object]) -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent
    ).stdout.strip()
    machine = {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "cpus": os.cpu_count(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"commit": commit, "machine": machine, "figures": figures}, indent=1) + "\n",
        encoding="utf-8",
    )
