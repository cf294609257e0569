"""Why rows were refused and parts of changes were left, and why files and pictures cannot be used, for pages.

These reasons are stored, and commands print them, in English. A new reason that a merchant can read gets its text in
`row_reasons`, `file_reasons` or `picture_reasons`.
"""

from __future__ import annotations

from storefront.change_sets import file_reasons, picture_reasons, row_reasons
from storefront.change_sets.field_names import FIELDS
from storefront.change_sets.field_texts import name_field
from storefront.known_sentences import KnownSentences


def translate_reason(reason: str) -> str:
    """Return a reason in the language of the page; as it is if it is not known."""
    return _REASONS.translate(reason)


def _translate_field(field: str) -> str:
    return next((str(label) for name, label in FIELDS.items() if name_field(name) == field), field)


_REASONS = KnownSentences(
    # Those of rows are last: the last of them fits whatever has a colon.
    (*file_reasons.TEXTS, *picture_reasons.TEXTS, *row_reasons.TEXTS),
    texts_in=("advice", "holder", "language", "reason", "what", "why"),
    lists_in={"hints": "; ", "parts": ", "},
    words=row_reasons.WORDS,
    translators={"field": _translate_field},
)
