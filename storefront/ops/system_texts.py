"""Names, states and causes on the pages below /admin/system, which the log and probes have in English."""

from __future__ import annotations

from storefront.i18n import mark_text as _
from storefront.known_sentences import KnownSentences


def translate_system_text(text: str) -> str:
    """Return a text in the language of the page; as it is if it is not known."""
    return _TEXTS.translate(text)


def translate_cause(cause: str) -> str:
    """Return the writes behind an invalidation, such as "Product 1, Variant new; stock of T-1 by POST /x"."""
    return "; ".join(map(_translate_write, cause.split("; ")))


def _translate_write(write: str) -> str:
    parts = [write] if " by " in write else write.split(", ")
    return ", ".join(map(_TEXTS.translate, parts))


_TEXTS = KnownSentences(
    (
        # Services, the roles of Redis, and their states.
        _("ok"),
        _("database"),
        _("cache"),
        _("session"),
        _("limit"),
        _("stock"),
        _("closed"),
        _("half-open"),
        _("open"),
        _("%(reason)s The shop keeps running without it."),
        _("Redis for %(role)s does not answer: %(reason)s"),
        _("Redis for %(role)s is away: %(reason)s"),
        _("it does not answer."),
        # The edge.
        _("%(host)s answered 429: too many purges."),
        _("%(host)s refuses the purge (%(number)s). %(advice)s"),
        _("%(host)s answered %(number)s. %(advice)s"),
        _("%(host)s answered %(number)s."),
        _("%(host)s does not answer within %(number)s s."),
        _("%(host)s cannot be reached: %(why)s."),
        _("Check STOREFRONT_EDGE_TOKEN and what it may do at the edge."),
        _("Check STOREFRONT_EDGE_URL and STOREFRONT_EDGE_SERVICE."),
        _("Cloudflare did not confirm the purge."),
        # Wrong answers of the cache.
        _("the address has no page any more that the cache may keep"),
        _("line %(line)s is %(before)s, should be %(now)s"),
        _("%(what)s is %(before)s, should be %(now)s"),
        _("this worker missed the invalidation of %(tags)s"),
        _("nothing invalidated it: a write past the models, or a tag that is missing"),
        # Writes that invalidated something.
        _("a write"),
        _("picture renditions"),
        _("best sellers"),
        _("%(rows)s by %(method)s %(route)s"),
        _("%(rows)s and %(number)s more"),
        _("%(row)s new"),
        _("stock of %(names)s"),
    ),
    texts_in=("advice", "reason", "role"),
    lists_in={"rows": ", "},
)
