"""Commands. Thin: they read arguments, call `service`, and print."""

from .app import main

__all__ = ["main"]
