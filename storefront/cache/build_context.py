"""What the current application context builds: the tags of each value, and under which conditions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from flask import g, has_app_context

NEVER = math.inf  # the last moment of a value that does not become wrong by itself


class Dependencies(set[str]):
    """The tags of a value that is being built.

    Attributes:
        valid_until: the moment (seconds since the epoch) at which the value becomes wrong.
        older: by tag, the start of the oldest value from this process's memory that has the tag and was read by the
            build. The value of the build is stored only if the tag was not invalidated since then: the process may
            not have received that invalidation yet.
        memory: what this build has read and depends on already, by name, for values that it asks for often.
    """

    def __init__(self) -> None:
        super().__init__()
        self.valid_until = NEVER
        self.older: dict[str, int] = {}
        self.memory: dict[str, object] = {}

    def add_older(self, tags: Iterable[str], start: int) -> None:
        """Record a value from this process's memory."""
        for tag in tags:
            self.older[tag] = min(start, self.older.get(tag, start))


def depends_on(*tags: str) -> None:
    """Record tags for the value that is being built. A later write that invalidates one of them invalidates it."""
    if has_app_context():
        for collected in g.get("cache_tags", ()):
            collected.update(tags)


def depends_on_older(tags: Iterable[str], start: int) -> None:
    """Record that the value that is being built was made of one from this process's memory."""
    if has_app_context():
        for collected in g.get("cache_tags", ()):
            collected.add_older(tags, start)


def valid_until(moment: datetime) -> None:
    """Record a moment at which the value that is being built becomes wrong: it is not answered from then on.

    Examples are the start of a scheduled price and the end of a notice. Of several moments the first one counts. A
    value that contains this one, such as its page, inherits the moment. A value whose moment has passed is not
    stored.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(
            f"cache.valid_until({moment!r}): a moment without a time zone means another one on each machine. Pass an "
            "aware one, such as datetime.now(UTC) + timedelta(hours=1)."
        )
    inherit_moment(moment.timestamp())


def inherit_moment(moment: float) -> None:
    """Record the moment (seconds since the epoch) of a cached value for the values that contain it."""
    if moment != NEVER and has_app_context():
        for collected in g.get("cache_tags", ()):
            collected.valid_until = min(collected.valid_until, moment)


def inherit(dependencies: Dependencies) -> None:
    """Record what a value that was built elsewhere depends on for the values that contain it."""
    depends_on(*dependencies)
    inherit_moment(dependencies.valid_until)
    for tag, start in dependencies.older.items():
        depends_on_older((tag,), start)


def innermost_build() -> Dependencies | None:
    """Return the tags of the innermost value that is being built; None outside a build.

    A value that was read within another build may be older than this one, which must read it again: it is stored
    unless a tag was invalidated since it began.
    """
    collected: list[Dependencies] | None = g.get("cache_tags") if has_app_context() else None
    return collected[-1] if collected else None


class collect_dependencies:
    """Context manager: collects what `depends_on` and `valid_until` record, for the containing builds, too."""

    def __enter__(self) -> Dependencies:
        tags = Dependencies()
        if "cache_tags" not in g:
            g.cache_tags = []
        g.cache_tags.append(tags)
        return tags

    def __exit__(self, *_: object) -> None:
        g.cache_tags.pop()


def bypass_cache() -> None:
    """Build all values of this application context from their sources: none is read from the cache or stored."""
    g.cache_bypassed = set()


def is_cache_bypassed() -> bool:
    """Return whether this application context neither reads the cache nor stores anything."""
    return "cache_bypassed" in g


def record_bypassed(key: str) -> None:
    """Record an entry that is built from its source because the cache is bypassed."""
    if "cache_bypassed" in g:
        g.cache_bypassed.add(key)


def list_bypassed() -> tuple[str, ...]:
    """Return the keys of the entries that this application context would have read without `bypass_cache`."""
    return tuple(sorted(g.get("cache_bypassed", ())))


def work_in_background() -> None:
    """Note that no visitor waits for what this application context builds."""
    g.cache_in_background = True


def is_in_background() -> bool:
    """Return whether no visitor waits for what this application context builds."""
    return "cache_in_background" in g
