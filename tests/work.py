"""Counts work in steps instead of seconds, so that a test can bound how the cost of an input grows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sized
from contextlib import suppress
from types import BuiltinMethodType, FrameType
from typing import Any

# Methods of C that look at the whole object they belong to. A call counts as many steps as that object has items.
_SCANS = frozenset(
    "casefold copy count decode encode find index insert lower remove replace rfind rsplit sort split splitlines "
    "strip translate upper".split()
)


def count_steps(call: Callable[[], object]) -> int:
    """Return the steps of a call: its lines of Python, and the items that methods written in C went through.

    Exceptions of the call are part of its work, and are not raised.
    """
    steps = 0

    def trace(_frame: FrameType, event: str, _value: object) -> Any:
        nonlocal steps
        steps += event == "line"
        return trace

    def profile(_frame: FrameType, event: str, value: object) -> None:
        nonlocal steps
        if event == "c_call" and isinstance(value, BuiltinMethodType) and value.__name__ in _SCANS:
            owner = value.__self__
            steps += len(owner) if isinstance(owner, Sized) else 1

    tracing, profiling = sys.gettrace(), sys.getprofile()
    sys.setprofile(profile)
    sys.settrace(trace)
    try:
        with suppress(Exception):
            call()
    finally:
        sys.settrace(tracing)
        sys.setprofile(profiling)
    return steps


def growth(call: Callable[[int], object], size: int) -> float:
    """Return how many times the steps are that four times the input takes: 4 if the cost is linear, 16 if quadratic.

    Args:
        call: does the work for an input of this size.
        size: of the smaller input; large enough that fixed costs do not hide the growth.
    """
    call(size), call(4 * size)  # fill what is computed once
    return count_steps(lambda: call(4 * size)) / count_steps(lambda: call(size))
