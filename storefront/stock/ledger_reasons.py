"""Reasons that the shop itself writes into the ledger, in the language of a page. What people typed stays."""

from __future__ import annotations

from storefront.i18n import mark_text as _
from storefront.known_sentences import KnownSentences


def translate_ledger_reason(reason: str) -> str:
    """Return a reason of a stock movement in the language of the page; as it is if somebody typed it."""
    return _REASONS.translate(reason)


_REASONS = KnownSentences(
    (
        _("low threshold %(number)s (was %(before)s)"),
        _("undo of %(what)s"),
        _("stock-taking %(number)s"),
        _("product form"),
        _("import"),
        _("edit"),
        _("undo"),
        _("cancelled"),
        _("refunded"),
        _("came back"),
    ),
    texts_in=("what",),
)
