"""When two requests change the same field of a session: what it holds in the end."""

from __future__ import annotations

from typing import Any

from storefront.sessions.serializer import MSGPACK


class MissingField:
    """Stands for a field or a key that is not there."""


MISSING = MissingField()


def merge_field(base: Any, ours: Any, theirs: Any) -> Any:
    """Return what a field holds after both changes; any of them may be MISSING.

    Lists keep what each side put at their end, and lose what either took from their beginning; dictionaries are
    merged key by key. For anything else the last to write, which is us, wins.

    Args:
        base: what both started from.
        ours: what we made of it.
        theirs: what another request made of it, and has written.
    """
    if _is_same(ours, base):
        return theirs
    if _is_same(theirs, base):
        return ours
    sides = (base, ours, theirs)
    for kind, both in ((list, _merge_lists), (dict, _merge_dictionaries)):
        if all(side is MISSING or isinstance(side, kind) for side in sides):
            merged = both(*(kind() if side is MISSING else side for side in sides))
            return MISSING if ours is MISSING and not merged else merged
    return ours


def _merge_lists(base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
    if _is_same(ours[: len(base)], base):
        return theirs + ours[len(base) :]
    taken = len(base) - len(ours)
    if taken > 0 and _is_same(base[taken:], ours) and _is_same(theirs[: len(base)], base):
        return theirs[taken:]
    return ours


def _merge_dictionaries(base: dict[Any, Any], ours: dict[Any, Any], theirs: dict[Any, Any]) -> dict[Any, Any]:
    merged = {
        key: merge_field(base.get(key, MISSING), ours.get(key, MISSING), theirs.get(key, MISSING))
        for key in {**theirs, **ours}
    }
    return {key: value for key, value in merged.items() if value is not MISSING}


def _is_same(one: Any, other: Any) -> bool:
    """Return whether both are written the same: in Python 1 == True."""
    if one is MISSING or other is MISSING:
        return one is other
    return MSGPACK.encode(one) == MSGPACK.encode(other)
