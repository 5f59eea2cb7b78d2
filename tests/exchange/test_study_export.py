"""A study written for other programs: distributions go along, parameters are worked out, the rest is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanbiao.core.errors import TanbiaoError
from tanbiao.exchange import read
from tanbiao.exchange.model import Uncertainty
from tanbiao.service import exchange as use

HEAD = """schema: 1
subject: product
id: s
as_of: 2026-11-24
salt: x
packs: [cn.gbt-24067@2024]
libraries: [open-2026]
reference: {process: p, amount: 1 piece}
parameters:
  loss: {value: 0.25}
"""
COLUMNS = "id,process,stage,direction,flow,amount,unit,provider,distribution,spread,low,high,together,price\n"
ROWS = (
    "x0,p,assembly,product,pan,1,piece,,,,,,,12\n"
    "x1,p,material,input,aluminium,=2/(1-loss),kg,met.cn.al,lognormal,1.2,,,coil,\n"
    "x2,p,material,input,steel,=1/2,kg,met.cn.steel.bf,triangular,,=1/4,1,,\n"
)


def study(folder: Path, rows: str = ROWS) -> Path:
    folder.mkdir()
    (folder / "study.yaml").write_text(HEAD, encoding="utf-8")
    (folder / "processes.csv").write_text("id,name_en,name_zh,place\np,pan,锅,CN\n", encoding="utf-8")
    (folder / "exchanges.csv").write_text(COLUMNS + rows, encoding="utf-8")
    return folder


@pytest.mark.parametrize("format", ["openlca", "ilcd", "brightway"])
def test_distributions_and_worked_out_parameters_go_along(tmp_path: Path, format: str) -> None:
    target = tmp_path / ("x.xlsx" if format == "brightway" else "x.zip")
    done = use.export(str(study(tmp_path / "s")), format, target)
    back = [x for p in read(target).gathered() for x in p.exchanges if x.uncertainty is not None]
    assert [x.amount for x in back] == [pytest.approx(8 / 3), 0.5]
    first, second = (x.uncertainty for x in back)
    assert first is not None and first.kind == "lognormal" and first.b == pytest.approx(1.2)
    assert second == Uncertainty(kind="triangular", a=0.25, b=0.5, c=1)
    lost = {x.field for x in done.losses}
    assert {"exchange.together", "exchange.price", "parameter: its value stands in the amounts"} <= lost


def test_a_formula_that_has_no_value_is_refused_with_its_row(tmp_path: Path) -> None:
    folder = study(tmp_path / "s", ROWS.replace("=1/2", "=1/0"))
    with pytest.raises(TanbiaoError) as caught:
        use.export(str(folder), "ilcd", tmp_path / "x.zip")
    assert [(p.code, p.place.row) for p in caught.value.problems] == [("number-expected", 4)]
    assert not (tmp_path / "x.zip").exists()


def test_a_process_without_product_is_named_once(tmp_path: Path) -> None:
    from tanbiao.service.run import check_study, load

    folder = study(tmp_path / "s", "\n".join(r for r in ROWS.splitlines() if not r.startswith("x0")) + "\n")
    problems, _ = check_study(load(folder))
    assert [p.place.row for p in problems if p.code == "process-no-product"] == [2]
