"""The files of an embedded server, and the kernel locks that its lifetime depends on.

The kernel releases the locks of a killed process. There are four lock files in the folder:

    start    held by the one process that is acquiring the server
    users    shared by all processes that use the server; the supervisor takes it exclusively when none is left
    keeper   held by the supervisor for as long as it looks after the server
    server   inherited by the server process: while it is held, a server has the data open
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from storefront.errors import StorefrontError

TIMEOUT = 10.0  # seconds for a server to start or to stop
_SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes on Linux (unix(7))


class EmbeddedServerError(StorefrontError):
    """The embedded Redis cannot be started; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class ServerPaths:
    """The paths of an instance directory's server."""

    folder: Path

    @property
    def socket(self) -> Path:
        """The unix socket: in the folder, or where `choose_socket` put it because the path is too long."""
        return self._link.readlink() if self._link.is_symlink() else self.folder / "redis.sock"

    @property
    def data(self) -> Path:
        """The directory of the append-only file."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The log of the supervisor and the server."""
        return self.folder / "redis.log"

    @property
    def _link(self) -> Path:
        return self.folder / "redis.sock.elsewhere"

    def choose_socket(self) -> None:
        """Choose the socket of the next server: in a private temporary directory if the folder's path is too long.

        The choice is stored as a link, since another process may have another TMPDIR.

        Raises:
            EmbeddedServerError: the temporary directory's path is too long as well, or it is not private.
        """
        self._link.unlink(missing_ok=True)
        if _fits(self.socket):
            return
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        short = _private_folder() / f"{name}.sock"
        if not _fits(short):
            raise EmbeddedServerError(
                f"{short} is too long for a socket. Set TMPDIR to a shorter directory, or set REDIS_URL."
            )
        self._link.symlink_to(short)

    def open_lock(self, name: Literal["start", "users", "keeper", "server"]) -> int:
        """Open a lock file; return a new descriptor. Forked processes share it, executed programs do not."""
        return os.open(self.folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)

    def is_same_lock(self, name: Literal["users"], descriptor: int) -> bool:
        """Return whether a descriptor belongs to the present lock file: it does not after the folder was deleted."""
        try:
            return os.path.samestat((self.folder / f"{name}.lock").stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def is_supervised(self) -> bool:
        """Return whether a supervisor looks after the server. The caller must hold the start lock."""
        probe = self.open_lock("keeper")
        try:
            return not acquire_lock(probe, fcntl.LOCK_SH)
        finally:
            os.close(probe)

    def log_tail(self, lines: int = 8) -> str:
        """Return the last lines of the log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def acquire_lock(lock: int, kind: int, *, patience: float = 0) -> bool:
    """Acquire a lock; return whether that succeeded within so many seconds.

    It polls, because a blocking flock would stop all greenlets.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= _SOCKET_PATH_LIMIT


def _private_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"storefront-{os.getuid()}"
    # Another user may have created it, or a link in its place: then it is not used.
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise EmbeddedServerError(
            f"{folder} is not a directory that only you can use. Remove it, or set REDIS_URL."
        )
    return folder
