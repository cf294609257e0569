"""The moments between two commands to Redis: another request comes there, or the process dies.

No test waits for bad luck: `worst_gap` and `worst_death` repeat a request, with the event in each gap once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from redis import Redis

Step = Callable[[], object]


@contextmanager
def in_gap(number: int, happen: Step) -> Iterator[list[bool]]:
    """Let something happen in a gap of this thread's commands; yield a list that is empty until then.

    Gap 0 is before the first command, gap 1 after its reply, gap 2 before the second command, and so on.
    """
    send, thread, gaps = Redis.execute_command, threading.get_ident(), count()
    happened, errors = list[bool](), list[BaseException]()

    def pass_gap() -> None:
        if happened or next(gaps) != number:
            return
        happened.append(True)
        try:
            happen()
        except BaseException as error:
            errors.append(error)  # the request may catch it
            raise

    def execute_command(self: Redis, *words: Any, **options: Any) -> Any:
        if threading.get_ident() != thread:
            return send(self, *words, **options)
        pass_gap()
        reply = send(self, *words, **options)
        pass_gap()
        return reply

    Redis.execute_command = execute_command  # type: ignore[method-assign]
    try:
        yield happened
    finally:
        Redis.execute_command = send  # type: ignore[method-assign]
    if errors:
        raise errors[0]


def worst_gap(*, prepare: Step, request: Step, happen: Step, measure: Callable[[], int]) -> int:
    """Return the largest number that is measured after a request, over all gaps in which something may happen."""
    worst = 0
    for number in count():
        prepare()
        with in_gap(number, happen) as happened:
            request()
        if not happened:
            break
        worst = max(worst, measure())
    return worst


def worst_death(*, prepare: Step, request: Step, measure: Callable[[], int]) -> int:
    """Return the largest number that others measure if the process of a request dies in one of its gaps.

    They measure within the gap: nothing behind it has run, and no `except` or `finally` cleans up.
    """
    found = list[int]()
    for number in count():
        prepare()
        with in_gap(number, lambda: found.append(measure())) as happened:
            request()
        if not happened:
            break
    return max(found)


@contextmanager
def watch_keys() -> Iterator[set[str]]:
    """Yield the set of keys that this block names to Redis, in commands or to scripts."""
    send, keys = Redis.execute_command, set[str]()

    def execute_command(self: Redis, *words: Any, **options: Any) -> Any:
        is_script = words[0] in ("EVAL", "EVALSHA")
        keys.update(map(str, words[3 : 3 + words[2]] if is_script else words[1:2]))
        return send(self, *words, **options)

    Redis.execute_command = execute_command  # type: ignore[method-assign]
    try:
        yield keys
    finally:
        Redis.execute_command = send  # type: ignore[method-assign]
