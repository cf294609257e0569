"""The places of things in a list that people order: typed as numbers, or one of them moved up or down by a button."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from storefront.i18n import gettext as _
from storefront.unicode_text import read_whole_number
from storefront.web.forms import Form

Key = TypeVar("Key", int, str)


def read_places(form: Form, ids: Iterable[Key]) -> dict[Key, int]:
    """Return the place of each id, in the order of the list before; an error is set if one is not a number."""
    return {key: max(1, place + step) for key, (place, step) in read_moves(form, ids).items()}


def read_moves(form: Form, ids: Iterable[Key]) -> dict[Key, tuple[int, int]]:
    """Return the typed place of each id, and by how many places a button moves it: -1, 0 or 1.

    An error is set if a place is not a number.
    """
    moves: dict[Key, tuple[int, int]] = {}
    for place, key in enumerate(ids, 1):
        step = {"up": -1, "down": 1}.get(form.typed(f"step-{key}"), 0)
        form.values[f"place-{key}"] = typed = form.typed(f"place-{key}") or str(place)
        number = read_whole_number(typed, most_digits=6)
        if number is None:
            form.errors[""] = _("Enter whole numbers from 1 as places.")
        else:
            moves[key] = number, step
    return moves
