"""Takes the terms of sale from checkout.toml into the shop's settings, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from storefront import shop_settings
from storefront.checkout import delivery
from storefront.checkout.term_parts import PART_NAMES, PartName, part_of
from storefront.checkout.terms import read_current
from storefront.config.values import CheckoutFile
from storefront.errors import ConfigurationError
from storefront.i18n import gettext as _
from storefront.shop_settings.stored_documents import add_documents, as_text, read_documents


@dataclass(frozen=True, slots=True)
class ImportedTerms:
    """What an import did.

    Attributes:
        taken: the parts that were stored now.
        same: those that the settings had already, as the file says them.
        kept: those that the settings had already, in another way; they were left as they are.
        missing: those that the file does not have.
        summary: the terms of the file in a sentence.
    """

    taken: tuple[PartName, ...]
    same: tuple[PartName, ...]
    kept: tuple[PartName, ...]
    missing: tuple[PartName, ...]
    summary: str


def import_terms(file: CheckoutFile) -> ImportedTerms:
    """Store those parts of a file that the settings do not have yet, all or none.

    Raises:
        ConfigurationError: there is no such file, or a value of it is wrong; nothing was changed.
    """
    if file.table is None:
        raise ConfigurationError(
            f"{file.problem or f'{file.path} does not exist.'} {_('Nothing was changed.')}"
        )
    terms = read_current({}, file=file, has_demo_terms=True)
    if problems := [*map(str, terms.problems), *_find_overlaps(terms.delivery_methods)]:
        raise ConfigurationError(" ".join([*problems, _("Nothing was changed.")]))
    parts = {name: part_of(file.table, name) for name in PART_NAMES}
    found = {name: tables for name, tables in parts.items() if tables}
    taken = add_documents({name: as_text(tables) for name, tables in found.items()})
    stored = read_documents()
    others = [name for name in found if name not in taken]
    same = tuple(name for name in others if stored[name] == as_text(found[name]))
    return ImportedTerms(
        tuple(name for name in found if name in taken),
        same,
        tuple(name for name in others if name not in same),
        tuple(name for name in parts if name not in found),
        terms.summary,
    )


def _find_overlaps(methods: tuple[delivery.DeliveryMethod, ...]) -> Iterator[str]:
    try:
        delivery.check_overlaps(methods, shop_settings.current().locale)
    except ConfigurationError as error:
        yield f"checkout.toml: {error}"
