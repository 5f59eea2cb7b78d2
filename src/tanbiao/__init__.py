"""tanbiao 碳标: carbon standards as code.

    import tanbiao

    run = tanbiao.load("examples/lfp-pack").run(packs=["pact.method@3"])
    run.rows(); run.explain("headline"); run.data()

`run` shows itself in a notebook. Everything that the commands do is in `tanbiao.service`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .service import Places, Run, load

__all__ = ["Places", "Run", "load"]


def __getattr__(name: str) -> Any:
    """The rooms are imported when they are first asked for: `import tanbiao` itself costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'tanbiao' has no attribute {name!r}")
    from . import service

    return getattr(service, name)
