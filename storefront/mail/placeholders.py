"""Placeholders such as `{order_number}` in the words of letters."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from storefront.i18n import gettext as _

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def find_problem(text: str, known: Collection[str]) -> str:
    """Return a sentence about the first placeholder that is unknown or broken; empty if there is none."""
    names = ", ".join(f"{{{name}}}" for name in known)
    for name in _PLACEHOLDER.findall(text):
        if name not in known:
            unknown = f"{{{name}}}"
            return _(
                "This letter has no placeholder %(unknown)s. It has: %(names)s.", unknown=unknown, names=names
            )
    if re.search("[{}]", _PLACEHOLDER.sub("", text)):
        return _("A brace stands alone. A placeholder has two; this letter has: %(names)s.", names=names)
    return ""


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with the values in the place of the placeholders; what is in a value stays as it is."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), text)
