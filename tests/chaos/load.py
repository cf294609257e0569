"""Threads that run until a block ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Self


class Loops:
    """Loops in threads beside a block; each loop returns once `_done` is set."""

    def __init__(self, loops: Iterable[Callable[[], None]]) -> None:
        self._done = threading.Event()
        self._threads = [threading.Thread(target=loop) for loop in loops]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()
