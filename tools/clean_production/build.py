"""Write the packs of index systems from their forms: python tools/clean_production/build.py [PACKS]

Each folder of `forms/` is an author's form; `tanbiao pack new FOLDER` does the same for one of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tanbiao.core.errors import TanbiaoError
from tanbiao.service.author.new import new_pack

HERE = Path(__file__).resolve().parent


def main() -> int:
    packs = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[1] / "packs"
    worst = 0
    for form in sorted(p for p in (HERE / "forms").iterdir() if p.is_dir()):
        try:
            made = new_pack(form, packs, [HERE.parents[1] / "packs"])
            problems = made.problems
        except TanbiaoError as error:
            problems = error.problems
        errors = [p for p in problems if p.level == "error"]
        print(f"{form.name}: {len(errors)} errors, {len(problems) - len(errors)} warnings")
        for problem in problems:
            print(f"  {problem.level} {problem.text('en')}")
        worst = max(worst, bool(errors))
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
