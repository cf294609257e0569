"""Pauses: long work stops between its parts, so that the worker answers other visitors meanwhile.

A gevent worker runs one greenlet at a time: while one builds a page for 10 ms without a pause, every other visitor
waits. Only work that holds no lock may pause: what builds public pages and their data, and what plans a change set.
Work that has no parts, such as the hash of a password, runs in a thread.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from flask import current_app, g, has_app_context
from jinja2 import Template

from storefront import languages
from storefront.extensions import is_writing

PAUSE = 0.0002  # seconds that a thread pauses: others may take the interpreter
LONGEST = 0.002  # seconds of rendering without a pause
LONGEST_STEP = 0.005  # seconds of other long work without a pause
IMPORT_PRIORITY = 5  # steps below that of a shop's processes (nice(2))

T = TypeVar("T")

_pauses = threading.local()  # of each greenlet, under gevent: the processor time of others meanwhile


def give_way() -> None:
    """Let other greenlets or threads go on, and answer what has come in; not within a write transaction."""
    if is_writing():
        return
    began = time.thread_time()
    if (wait := g.get("wait_for_others")) is not None:
        wait()
    let_others_go()
    _pauses.seconds = getattr(_pauses, "seconds", 0.0) + time.thread_time() - began


def processor_time() -> float:
    """Return the seconds of processor time of this thread, without its pauses: all greenlets share one thread."""
    return time.thread_time() - getattr(_pauses, "seconds", 0.0)


def let_others_go() -> None:
    """Let other threads go on; under gevent, answer what has come in by now: 5 µs if nothing has."""
    if not has_greenlets():
        time.sleep(PAUSE)
        return
    from gevent import get_hub

    # sleep(0) would run what is ready without a look at the sockets, and any longer one takes epoll's shortest, a
    # whole millisecond. The first of two timers that are due at once looks; at the second, what was found goes first.
    hub = get_hub()
    for _ in range(2):
        with hub.loop.timer(0) as due:
            hub.wait(due)


def pause_between(items: Iterable[T]) -> Iterator[T]:
    """Yield the items, and let visitors of a gevent worker go on now and then between two of them.

    Threads take turns by themselves, and commands have no visitors: there it costs nothing.
    """
    return _pause_between(items, LONGEST_STEP) if has_greenlets() else iter(items)


def run_in_thread(work: Callable[[], T]) -> T:
    """Run work that keeps a core busy without the interpreter in a thread of gevent's; without gevent, here."""
    if not has_greenlets():
        return work()
    from gevent import get_hub

    result: T = get_hub().threadpool.apply(work)
    return result


def has_greenlets() -> bool:
    """Return whether gevent serves all requests of this process in greenlets: it has patched the standard library."""
    # It was imported before the shop then; commands start faster without it. While another thread imports it for
    # something else, the module has no such function yet.
    is_patched = getattr(sys.modules.get("gevent.monkey"), "is_module_patched", None)
    return is_patched is not None and bool(is_patched("time"))


def begin_pausing(wait_for_others: Callable[[], None]) -> None:
    """Let the templates that the present application context renders pause, too.

    `wait_for_others` is called at each pause; it returns when this context may go on.
    """
    g.wait_for_others = wait_for_others


def lower_priority() -> None:
    """Let the processes that serve the shop go first: this one does long work that nobody waits for second by second.

    Does nothing in tests, whose process runs other tests, too.
    """
    if not current_app.testing:
        os.nice(IMPORT_PRIORITY)


class PausingTemplate(Template):
    """A template that pauses while it is rendered, if `begin_pausing` was called."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Return the text of the template, as Jinja's own `render` does."""
        if not (has_app_context() and "wait_for_others" in g):
            return super().render(*args, **kwargs)
        with languages.use(languages.current()):  # the texts of a page ask for its language a hundred times
            return "".join(_pause_between(self.generate(*args, **kwargs), LONGEST))


def _pause_between(items: Iterable[T], longest: float) -> Iterator[T]:
    began = time.monotonic()
    for item in items:
        yield item
        if time.monotonic() - began > longest:
            give_way()
            began = time.monotonic()
