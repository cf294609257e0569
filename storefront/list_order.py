"""The order of things that people order by typing places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", int, str)


def arrange(keys: Sequence[Key], places: Mapping[Key, int]) -> list[Key]:
    """Return the keys of ordered things with some at other places, counted from 1; the others make room.

    A thing that was moved comes before the one that had its place.
    """
    present = {key: place for place, key in enumerate(keys, 1)}
    moved = {key: place for key, place in places.items() if present.get(key, place) != place}
    ordered = [key for key in keys if key not in moved]
    for key, place in sorted(moved.items(), key=lambda item: item[1]):
        ordered.insert(max(0, place - 1), key)
    return ordered
