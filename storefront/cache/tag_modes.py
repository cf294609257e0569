"""The mode of each kind of tag: how soon after an invalidation nobody may see the old page any more.

Strict: at once. The page shows something that would be wrong: a price, a text, whether something can be bought, a
product that was taken down, another address. Relaxed: the old page may be shown for a few seconds more
(STOREFRONT_CACHE_GRACE) while one process builds the new one. Everything that the old page says is still true, but a
newer one has more, less, or another order. A hard purge is strict, and forbids the old page while the database is
away, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence, Set
from typing import Any, Literal, NamedTuple

from storefront.cache.keys import EVERYTHING
from storefront.errors import ConfigurationError

Mode = Literal["relaxed", "strict", "hard"]


class TagKind(NamedTuple):
    """A kind of tag.

    Attributes:
        name: the part before ":".
        mode: of an invalidation.
        reason: of the mode.
        group: the tag of all entries with tags of this kind or of related ones.
    """

    name: str
    mode: Literal["relaxed", "strict"]
    reason: str
    group: str = ""


# The only table of modes. A kind that is not in it is strict.
TAG_KINDS = {
    kind.name: kind
    for kind in (
        TagKind("everything", "strict", "a purge does not say what is wrong"),
        TagKind("navigation", "relaxed", "an old link of the menu leads to the page, or redirects to it"),
        TagKind("category-tree", "relaxed", "which categories there are; each address has its own tag"),
        TagKind("settings", "strict", "the shop's name, its notices, what it shows of stock"),
        TagKind("redirects", "strict", "an address answers with another page"),
        TagKind("search", "relaxed", "which products match; each of them has its card"),
        TagKind("product", "strict", "price, text and stock of the product; its takedown", "products"),
        TagKind("card", "strict", "price, name and stock that a list prints; its takedown", "cards"),
        TagKind("slug", "strict", "an address answers with another product", "products"),
        TagKind("path", "strict", "an address answers with another category", "categories"),
        TagKind(
            "category",
            "relaxed",
            "which products a list has; each of them has its card",
            "categories",
        ),
        TagKind("prices", "strict", "a list by price has a product at the wrong place", "categories"),
        TagKind("names", "relaxed", "the order of names; each name itself has its card", "categories"),
        TagKind("availability", "strict", "a list counts and offers what can be bought", "categories"),
        TagKind("description-picture", "strict", "a description shows a picture that is gone", "products"),
        TagKind("sitemap", "relaxed", "crawlers read it hours later"),
        TagKind("user", "strict", "rights of a customer", "users"),
    )
}
RELAXED_KINDS = frozenset(kind.name for kind in TAG_KINDS.values() if kind.mode == "relaxed")


def is_strict(tag: str, relaxed_kinds: Container[str] = RELAXED_KINDS) -> bool:
    """Return whether nobody may see an old page after an invalidation of this tag."""
    return tag.partition(":")[0] not in relaxed_kinds


def read_relaxed_kinds(names: Sequence[str]) -> frozenset[str]:
    """Return the kinds that STOREFRONT_CACHE_RELAXED_TAGS leaves relaxed: all that the table has, if it is empty.

    Raises:
        ConfigurationError: it names a strict kind, or one that does not exist.
    """
    if wrong := [name for name in names if name not in RELAXED_KINDS]:
        raise ConfigurationError(
            f"STOREFRONT_CACHE_RELAXED_TAGS names {', '.join(wrong)}, which must stay strict: "
            f"nobody may see the old page. Name some of: {', '.join(sorted(RELAXED_KINDS))}."
        )
    return frozenset(names) or RELAXED_KINDS


def complete_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags that an entry carries, in order: its own, those of their groups, and the one of everything."""
    own = set(tags)
    return tuple(sorted({*own, *filter(None, map(_group_of, own)), EVERYTHING}))


def limit_tags(tags: Set[str], relaxed: Set[str], most: int) -> tuple[set[str], set[str]]:
    """Return at most so many tags that invalidate at least the same entries, and the relaxed ones of them.

    Too many tags are replaced by the tag of their group, the largest group first. A tag of a group is relaxed if all
    that it replaces are. Tags without a group stay, however many there are.
    """
    left, still_relaxed = set(tags), set(relaxed)
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for tag in tags:
        groups[_group_of(tag)].add(tag)
    groups.pop("", None)
    for group, members in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        if len(left) <= most:
            break
        left = (left - members) | {group}
        if members <= relaxed:
            still_relaxed.add(group)
    return left, still_relaxed & left


def _group_of(tag: str) -> str:
    name, separator, _ = tag.partition(":")
    kind = TAG_KINDS.get(name) if separator else None
    return kind.group if kind else ""


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
