"""The pages that visitors wait for in this process: what nobody waits for begins after them."""

from __future__ import annotations

import threading

PATIENCE = 0.1  # seconds for which a page in the background is put off, at most
PAUSE = 0.01  # seconds that it may wait at each pause once it has begun


class VisitorBuilds:
    """Counts the pages that are being built for visitors."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget the pages of the parent process: a fork copies no threads."""
        self._count = 0
        self._lock = threading.Lock()
        self._none = threading.Event()
        self._none.set()

    def begin(self) -> None:
        """Count a page whose build begins."""
        with self._lock:
            self._count += 1
            self._none.clear()

    def end(self) -> None:
        """Count a page whose build has ended."""
        with self._lock:
            self._count -= 1
            if not self._count:
                self._none.set()

    def let_them_end(self) -> None:
        """Wait until no visitor waits for a page, at most PATIENCE seconds."""
        self._none.wait(PATIENCE)

    def let_them_go_first(self) -> None:
        """Wait as `let_them_end` does, at most PAUSE seconds: visitors may wait for what has begun."""
        self._none.wait(PAUSE)
