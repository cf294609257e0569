"""Where an embedded server keeps its things, and the kernel locks on which its lifetime hangs.

No killed process can leave a lock behind. In the folder there are four:

    start    one joiner at a time
    users    shared by every user; exclusive when the keeper asks whether there are any left
    keeper   the keeper's own: while it is held, somebody looks after the server
    server   inherited by the server: while it is held, a server has the data open
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

TIMEOUT = 10.0  # seconds for a server to come or to go
_SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes on Linux (unix(7))


class EmbeddedServerError(StorefrontError):
    """The embedded Redis cannot be started; the text says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class ServerPaths:
    """Where the server of an instance directory keeps its things."""

    folder: Path

    @property
    def socket(self) -> Path:
        """The unix socket: in the folder, or where `choose_socket` put it because that path is too long."""
        return self._link.readlink() if self._link.is_symlink() else self.folder / "redis.sock"

    @property
    def data(self) -> Path:
        """The append-only file's directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the keeper and the server have to say."""
        return self.folder / "redis.log"

    @property
    def _link(self) -> Path:
        return self.folder / "redis.sock.elsewhere"

    def choose_socket(self) -> None:
        """Decide where the next server listens: in a private temporary directory if the folder is too deep.

        The choice is kept as a link, for another process may have another TMPDIR.

        Raises:
            EmbeddedServerError: there is no place for it.
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
        """Return a new descriptor of a lock file. Forked processes share it, other programs do not."""
        return os.open(self.folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)

    def is_same_lock(self, name: Literal["users"], descriptor: int) -> bool:
        """Return whether others find the lock that a descriptor is of: not if the folder was deleted meanwhile."""
        try:
            return os.path.samestat((self.folder / f"{name}.lock").stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def is_supervised(self) -> bool:
        """Return whether a keeper looks after the server. Only for who holds the start lock."""
        probe = self.open_lock("keeper")
        try:
            return not acquire_lock(probe, fcntl.LOCK_SH)
        finally:
            os.close(probe)

    def log_tail(self, lines: int = 8) -> str:
        """Return the end of the log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def acquire_lock(lock: int, kind: int, *, patience: float = 0) -> bool:
    """Return whether the lock was got within so many seconds.

    Asked for again and again instead of waited for: a blocking flock would stop all of gevent.
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
    # Somebody else may have made it first, or made it a link: then it is not used.
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise EmbeddedServerError(
            f"{folder} is not a directory that only you can use. Remove it, or set REDIS_URL."
        )
    return folder
