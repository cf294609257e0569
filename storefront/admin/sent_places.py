"""The places of things in a list that people order: typed as numbers, or one of them moved up or down by a button."""

from __future__ import annotations

from collections.abc import Iterable

from storefront.i18n import gettext as _
from storefront.list_order import Key
from storefront.unicode_text import read_whole_number
from storefront.web.forms import Form


def read_places(form: Form, ids: Iterable[Key]) -> dict[Key, int]:
    """Return the place of each id, in the order of the list before; an error is set if one is not a number."""
    places: dict[Key, int] = {}
    for place, key in enumerate(ids, 1):
        step = {"up": -1, "down": 1}.get(form.typed(f"step-{key}"), 0)
        form.values[f"place-{key}"] = typed = form.typed(f"place-{key}") or str(place)
        number = read_whole_number(typed, most_digits=6)
        if number is None:
            form.errors[""] = _("Enter whole numbers from 1 as places.")
        else:
            places[key] = max(1, number + step)
    return places
