"""Ids that other programs insist on."""

from __future__ import annotations

import uuid


def uuid_of(text: str, space: uuid.UUID) -> str:
    """The text where it is a UUID; another id becomes one that is always the same in `space`."""
    try:
        return text if str(uuid.UUID(text)) == text.lower() else str(uuid.uuid5(space, text))
    except ValueError:
        return str(uuid.uuid5(space, text))
