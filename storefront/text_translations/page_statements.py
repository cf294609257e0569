"""Statements of public pages, which are built once for each language and not for each page."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import ParamSpec, TypeVar, cast

from storefront import cache
from storefront.languages import current_locale

P = ParamSpec("P")
T = TypeVar("T")


def built_once(build: Callable[P, T]) -> Callable[P, T]:
    """Decorator: return the statement that was built for the present language and the same arguments earlier.

    The statement has bind parameters for what differs from page to page. The arguments choose its form: there are
    few of them, since each combination is kept for as long as the process lives. What is being built depends on the
    translations that the statement reads, each time.
    """
    known: dict[Hashable, tuple[T, tuple[str, ...]]] = {}

    @functools.wraps(build)
    def find(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (current_locale(), args, tuple(kwargs.items()))
        found = known.get(cast("Hashable", key))
        if found is None:
            with cache.collect_dependencies() as tags:
                statement = build(*args, **kwargs)
            found = known[cast("Hashable", key)] = statement, tuple(tags)
        cache.depends_on(*found[1])
        return found[0]

    return find
