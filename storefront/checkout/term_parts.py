"""The parts of the terms of sale, and where each comes from: the shop's settings, checkout.toml, or the demo.

A part that is stored in the settings wins over the same part of the file. A stored part has the tables of the file:
`{"delivery": [{"code": "standard", …}]}`, so that the same readers check both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from storefront.checkout.term_errors import TermError
from storefront.config.values import CheckoutFile
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.web.prefix import add_prefix

PartName = Literal["delivery", "tax", "payment"]
Origin = Literal["stored", "file", "demo", "missing"]
PART_NAMES: tuple[PartName, ...] = get_args(PartName)
# The tables of each part.
TABLES: Mapping[PartName, tuple[str, ...]] = {
    "delivery": ("delivery",),
    "tax": ("tax", "prices_include_tax"),
    "payment": ("invoice", "card"),
}
_MISSING: Mapping[PartName, str] = {
    "delivery": lazy_gettext("No delivery method is set. Enter one at %(page)s."),
    "tax": lazy_gettext(
        "Taxes are not set. Enter them at %(page)s, or say there that this shop charges none."
    ),
    "payment": lazy_gettext("How orders are paid is not set. Enter it at %(page)s."),
}

_PAGES: Mapping[PartName, str] = {
    "delivery": "/admin/settings/delivery",
    "tax": "/admin/settings/taxes",
    "payment": "/admin/settings/payment",
}


@dataclass(frozen=True, slots=True)
class TermProblem:
    """A part of the terms that is missing or wrong; as text a sentence for operators and staff."""

    part: PartName
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class TermPart:
    """A part of the terms of sale, not checked yet.

    Attributes:
        name: of the part.
        origin: where it comes from.
        tables: its tables; none if it is missing.
    """

    name: PartName
    origin: Origin
    tables: Mapping[str, Any]

    def describe_problem(self, error: TermError) -> TermProblem:
        """Return the problem of a value of this part that is wrong."""
        if self.origin == "file":
            return TermProblem(self.name, f"checkout.toml: {error}")
        return TermProblem(self.name, f"{_address_of(self.name)}: {error.sentence}")


def find_parts(
    documents: Mapping[str, str], file: CheckoutFile, *, has_demo_terms: bool
) -> Iterator[TermPart | TermProblem]:
    """Yield each part of the terms, or why it cannot be read.

    Args:
        documents: the stored parts as JSON, by name.
        file: checkout.toml.
        has_demo_terms: whether invented terms take the place of missing ones.
    """
    for name in PART_NAMES:
        if name in documents:
            yield _stored_part(name, documents[name])
        elif file.problem:
            yield TermProblem(name, file.problem)
        elif file.table is None and not has_demo_terms:
            yield TermProblem(name, str(_MISSING[name]) % {"page": add_prefix(_PAGES[name])})
        else:
            tables = part_of(file.table or {}, name)
            yield TermPart(name, "file" if tables or not has_demo_terms else "demo", tables)


def part_of(table: Mapping[str, Any], name: PartName) -> dict[str, Any]:
    """Return the tables of a part that a file has."""
    return {key: table[key] for key in TABLES[name] if key in table}


def _stored_part(name: PartName, text: str) -> TermPart | TermProblem:
    try:
        tables = json.loads(text)
    except ValueError:
        tables = None
    if isinstance(tables, dict):
        return TermPart(name, "stored", tables)
    sentence = _("The stored value cannot be read. Enter it again.")
    return TermProblem(name, f"{_address_of(name)}: {sentence}")


def _address_of(name: PartName) -> str:
    return f"/admin/settings/{'taxes' if name == 'tax' else name}"
