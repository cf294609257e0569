"""The mode of each kind of tag: how soon after an invalidation nobody may see the old page any more.

Strict: at once. The page shows something that would be wrong: a number, a text, another address, something that was
taken down. Relaxed: the old page may be shown for a few seconds more (STOREFRONT_CACHE_GRACE) while one process
builds the new one. Everything that the old page says is still true, but a newer one has more, less, or another order.
A hard purge is strict, and forbids the old page while the database is away, too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple

from storefront.cache.keys import EVERYTHING
from storefront.errors import ConfigurationError
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext, quote

Mode = Literal["relaxed", "strict", "hard"]

# Redis keeps names that begin with another sign beside the tags (lua/fetch.lua).
_TAG = re.compile("[A-Za-z0-9][!-~]{0,99}")


class TagKind(NamedTuple):
    """A kind of tag.

    Attributes:
        name: the part before ":".
        mode: of an invalidation.
        reason: of the mode.
        group: the tag of all entries with tags of this kind or of related ones.
        cause: which write invalidates a tag, for people; `%(id)s` is the part of the tag after ":".
    """

    name: str
    mode: Literal["relaxed", "strict"]
    reason: str
    group: str = ""
    cause: str = ""


# Of every app.
BASE_TAG_KINDS = (
    TagKind(
        EVERYTHING,
        "strict",
        "a purge does not say what is wrong",
        cause=lazy_gettext("a purge of everything"),
    ),
)


def is_tag(text: str) -> bool:
    """Return whether a text has the form of a tag."""
    return _TAG.fullmatch(text) is not None


class TagModes:
    """The kinds of tags of one app. A kind that is not among them is strict, and has no group.

    Args:
        kinds: in addition to BASE_TAG_KINDS.
        relaxed: the kinds that STOREFRONT_CACHE_RELAXED_TAGS leaves relaxed: all that `kinds` has, if it is empty.

    Raises:
        ConfigurationError: `relaxed` names a strict kind, or one that does not exist.
    """

    def __init__(self, kinds: Iterable[TagKind] = (), relaxed: Sequence[str] = ()) -> None:
        self.kinds = {kind.name: kind for kind in (*kinds, *BASE_TAG_KINDS)}
        possible = frozenset(kind.name for kind in self.kinds.values() if kind.mode == "relaxed")
        if wrong := [name for name in relaxed if name not in possible]:
            advice = f"Name some of: {', '.join(sorted(possible))}." if possible else "Remove the setting."
            raise ConfigurationError(
                f"STOREFRONT_CACHE_RELAXED_TAGS names {', '.join(wrong)}, which must stay strict: "
                f"nobody may see the old page. {advice}"
            )
        self.relaxed_kinds = frozenset(relaxed) or possible

    def is_strict(self, tag: str) -> bool:
        """Return whether nobody may see an old page after an invalidation of this tag."""
        return tag.partition(":")[0] not in self.relaxed_kinds

    def complete_tags(self, tags: Iterable[str]) -> tuple[str, ...]:
        """Return the tags that an entry carries, in order: its own, those of their groups, and EVERYTHING."""
        own = set(tags)
        return tuple(sorted({*own, *filter(None, map(self._group_of, own)), EVERYTHING}))

    def limit_tags(self, tags: Set[str], relaxed: Set[str], most: int) -> tuple[set[str], set[str]]:
        """Return at most so many tags that invalidate at least the same entries, and the relaxed ones of them.

        Too many tags are replaced by the tag of their group, the largest group first. A tag of a group is relaxed if
        all that it replaces are. Tags without a group stay, however many there are.
        """
        left, still_relaxed = set(tags), set(relaxed)
        groups: defaultdict[str, set[str]] = defaultdict(set)
        for tag in tags:
            groups[self._group_of(tag)].add(tag)
        groups.pop("", None)
        for group, members in sorted(groups.items(), key=lambda pair: -len(pair[1])):
            if len(left) <= most:
                break
            left = (left - members) | {group}
            if members <= relaxed:
                still_relaxed.add(group)
        return left, still_relaxed & left

    def describe_cause(self, tag: str) -> str:
        """Return which write invalidates a tag, for people; an empty string if its kind does not say."""
        name, _separator, identity = tag.partition(":")
        kind = self.kinds.get(name)
        if kind is None and any(name == other.group for other in self.kinds.values()):
            return _("a write that changes very many of them at once")
        return str(kind.cause) % {"id": identity} if kind else ""

    def describe_unknown(self, tag: str) -> str | None:
        """Return a sentence for operators if a tag begins with the name of no kind; None if it is one of a kind."""
        name = tag.partition(":")[0]
        known = sorted({*self.kinds, *(kind.group for kind in self.kinds.values() if kind.group)})
        if name in known:
            return None
        similar = get_close_matches(name, known, 1)
        sentences = [
            _("No kind of tag is called %(name)s.", name=quote(name)),
            _("Did you mean %(name)s?", name=quote(similar[0])) if similar else "",
            _("There are: %(names)s.", names=", ".join(known)),
        ]
        return " ".join(filter(None, sentences))

    def _group_of(self, tag: str) -> str:
        name, separator, _identity = tag.partition(":")
        kind = self.kinds.get(name) if separator else None
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
