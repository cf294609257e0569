"""What the current application context builds: the tags of each value, and under which conditions."""

from __future__ import annotations

from flask import g, has_app_context


def depends_on(*tags: str) -> None:
    """Record tags for the value that is being built. A later write that invalidates one of them invalidates it."""
    if has_app_context():
        for collected in g.get("cache_tags", ()):
            collected.update(tags)


def innermost_build() -> set[str] | None:
    """Return the tags of the innermost value that is being built; None outside a build.

    A value that was read within another build may be older than this one, which must read it again: it is stored
    unless a tag was invalidated since it began.
    """
    collected = g.get("cache_tags") if has_app_context() else None
    return collected[-1] if collected else None


class collect_dependencies:
    """Context manager: collects the tags recorded with `depends_on`, also for the builds that contain this one."""

    def __enter__(self) -> set[str]:
        tags: set[str] = set()
        if "cache_tags" not in g:
            g.cache_tags = []
        g.cache_tags.append(tags)
        return tags

    def __exit__(self, *_: object) -> None:
        g.cache_tags.pop()


def bypass_cache() -> None:
    """Build all values of this application context from their sources: none is read from the cache or stored."""
    g.cache_is_bypassed = True


def is_cache_bypassed() -> bool:
    """Return whether this application context neither reads the cache nor stores anything."""
    return "cache_is_bypassed" in g


def work_in_background() -> None:
    """Note that no visitor waits for what this application context builds."""
    g.cache_in_background = True


def is_in_background() -> bool:
    """Return whether no visitor waits for what this application context builds."""
    return "cache_in_background" in g
