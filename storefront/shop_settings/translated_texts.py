"""The translations of texts in the settings, such as the announcement; they are read with the settings.

A room above says where the translations are (`text_translations`). So a page needs no statement for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sqlalchemy import Select

from storefront.app_state import AppState
from storefront.cache.keys import digest

# Kinds of texts: of single settings, of delivery methods, and of payment.
NOTICE, DELIVERY, PAYMENT = "notice", "delivery", "payment"
KINDS = (NOTICE, DELIVERY, PAYMENT)
ANNOUNCEMENT, CLOSED_TEXT = "announcement", "closed_text"  # fields of NOTICE
TEXT = "text:"  # before the name of a row that `select_texts` finds: text:SOURCE_DIGEST:LOCALE:KIND:FIELD

# Returns the statement for the translations of these kinds: names that begin with TEXT, and texts.
select_texts = AppState[Callable[[], Select[str, str]]]("shop_settings.select_texts")


class StoredText(NamedTuple):
    """A translation, and the digest of the text that it was made from."""

    text: str
    source_digest: str

    def text_for(self, source: str, *, exact: bool) -> str:
        """Return the translation; with `exact` the source instead, if that has changed since."""
        return source if exact and self.source_digest != digest(source) else self.text


StoredTexts = Mapping[tuple[str, str, str], StoredText]  # by locale, kind and field


def collect_texts(rows: tuple[tuple[str, str], ...]) -> StoredTexts:
    """Return the translations among the rows of the settings."""
    found: dict[tuple[str, str, str], StoredText] = {}
    for name, text in rows:
        if name.startswith(TEXT):
            source, locale, kind, field = name.removeprefix(TEXT).split(":", 3)
            found[locale, kind, field] = StoredText(text, source)
    return found
