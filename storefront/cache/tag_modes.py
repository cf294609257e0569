"""The mode of each kind of tag: how soon after an invalidation nobody may see the old page any more.

Strict: at once. The page shows something that would be wrong: a price, a text, whether something can be bought, a
product that was taken down, another address. Relaxed: the old page may be shown for a few seconds more
(STOREFRONT_CACHE_GRACE) while one process builds the new one. Everything that the old page says is still true, but a
newer one has more, less, or another order. A hard purge is strict, and forbids the old page while the database is
away, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

Mode = Literal["relaxed", "strict", "hard"]


class TagKind(NamedTuple):
    """A kind of tag: the part before ":", its mode, and the reason of the mode."""

    name: str
    mode: Literal["relaxed", "strict"]
    reason: str


# The only table of modes. A kind that is not in it is strict.
TAG_KINDS = {
    kind.name: kind
    for kind in (
        TagKind("everything", "strict", "a purge does not say what is wrong"),
        TagKind("navigation", "relaxed", "an old link of the menu leads to the page, or redirects to it"),
        TagKind("settings", "strict", "the shop's name, its notices, what it shows of stock"),
        TagKind("redirects", "strict", "an address answers with another page"),
        TagKind("search", "relaxed", "which products match; what is printed of each has its card"),
        TagKind("product", "strict", "price, text and stock of the product; its takedown"),
        TagKind("card", "strict", "price, name and stock that a list prints; its takedown"),
        TagKind("slug", "strict", "an address answers with another product"),
        TagKind("path", "strict", "an address answers with another category"),
        TagKind("category", "relaxed", "which products a list has; what it prints of each has its card"),
        TagKind("prices", "strict", "a list by price has a product at the wrong place"),
        TagKind("names", "relaxed", "the order of names; each name itself has its card"),
        TagKind("availability", "strict", "a list counts and offers what can be bought"),
        TagKind("description-picture", "strict", "a description shows a picture that is gone"),
        TagKind("sitemap", "relaxed", "crawlers read it hours later"),
        TagKind("user", "strict", "rights of a customer"),
    )
}
_RELAXED = frozenset(kind.name for kind in TAG_KINDS.values() if kind.mode == "relaxed")


def is_strict(tag: str) -> bool:
    """Return whether nobody may see an old page after an invalidation of this tag."""
    return tag.partition(":")[0] not in _RELAXED


def group_by_mode(payloads: Iterable[dict[str, Any]]) -> dict[Mode, set[str]]:
    """Return the tags that messages of the outbox invalidate, each in the strictest of its modes.

    A message lists its relaxed tags; one that an earlier version wrote has none.
    """
    tags: dict[Mode, set[str]] = {"hard": set(), "strict": set(), "relaxed": set()}
    for payload in payloads:
        relaxed = set(payload.get("relaxed", ()))
        tags["hard" if payload["hard"] else "strict"].update(set(payload["tags"]) - relaxed)
        tags["relaxed"] |= relaxed
    tags["strict"] -= tags["hard"]
    tags["relaxed"] -= tags["strict"] | tags["hard"]
    return tags
