"""The supervisor: parent of the embedded server for as long as a process uses it.

`embedded.acquire_server` starts it in a session of its own. It goes to the background once it has the lock "keeper".
The exit status of the foreground is 0 then; otherwise it is 1, and the log says why. On SIGTERM it shuts the server
down.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from storefront.platform_features import die_with_parent
from storefront.redis_roles.embedded.paths import TIMEOUT, ServerPaths, acquire_lock
from storefront.redis_roles.embedded.server import find_program, shut_down

_CHECK_INTERVAL = 0.2  # seconds between checks of the users and the server
_MIN_LIFETIME = 5.0  # seconds; a server that ends sooner counts as not started
_MAX_FAILED_STARTS = 3  # in a row; then the log is searched for unreadable data
# Log lines about unreadable data. After other failures, such as a full disk, the data stays in its place.
_UNREADABLE = re.compile(
    r"Bad file format|Unexpected end of file reading|Fatal error loading|Error loading the|Unrecoverable error"
    r"|Can't handle RDB format|Wrong signature|rdb file reading failure|corrupt",
    re.IGNORECASE,
)


def main(paths: ServerPaths) -> int:
    """Become the supervisor of this server, and return 0 when it has stopped. Exit with 1 if that is impossible."""
    # Wait for the end of a server whose supervisor was killed: a server that answers afterwards is ours.
    os.close(_acquire_server_lock(paths))
    mine = paths.open_lock("keeper")
    if not acquire_lock(mine, fcntl.LOCK_EX, patience=1):
        print("there is a supervisor already", flush=True)
        return 0
    if os.fork():
        os._exit(0)
    supervise(paths)
    paths.socket.unlink(missing_ok=True)
    # Released before the lock `users`, which ends with this process: a process that gets `users` must not take
    # this supervisor for one that goes on.
    os.close(mine)
    return 0


def supervise(paths: ServerPaths) -> None:
    """Run the server until no process uses it; start it again if it dies or its socket is removed."""
    users = paths.open_lock("users")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server, began, deaths, refusals = _start_server(paths), time.monotonic(), 0, 0
    try:
        while not acquire_lock(users, fcntl.LOCK_EX):
            time.sleep(_CHECK_INTERVAL)
            if not paths.is_same_lock("users", users):
                # The folder was deleted. A server that is killed cannot remove the socket of its successor.
                server.kill()
                os._exit(0)
            if server.poll() is None:
                if time.monotonic() - began < _MIN_LIFETIME or paths.socket.exists():
                    continue
                print(f"{paths.socket} was removed; starting the server again", flush=True)
                _stop_server(server)
            else:
                young = time.monotonic() - began < _MIN_LIFETIME
                deaths = deaths + 1 if young else 1
                # Redis exits with 1 when it gives up; after a kill the data is still good.
                refusals = refusals + 1 if young and server.returncode == 1 else 0
                print(f"the server ended with {server.returncode}; starting it again ({deaths})", flush=True)
                if refusals == _MAX_FAILED_STARTS and _UNREADABLE.search(paths.log_tail(40)):
                    _move_data_aside(paths)
                time.sleep(min(0.1 * 2**deaths, 5))
            server, began = _start_server(paths), time.monotonic()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _stop_server(server)


def _start_server(paths: ServerPaths) -> subprocess.Popen[bytes]:
    paths.data.mkdir(mode=0o700, exist_ok=True)
    for leftover in paths.data.glob("temp-*"):  # of an interrupted rewrite of the append-only file
        leftover.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(paths.socket),
        "unixsocketperm": "700",
        "dir": str(paths.data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        # Sessions, counters and pages share this server: the entries closest to their expiry are evicted first.
        "maxmemory": "256mb",
        "maxmemory-policy": "volatile-ttl",
        "daemonize": "no",
        "logfile": str(paths.log),
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    lock = _acquire_server_lock(paths)
    try:
        return subprocess.Popen(  # noqa: S603  # a program that we looked for, and options of ours
            [find_program(), *arguments], pass_fds=[lock], preexec_fn=die_with_parent(os.getpid())
        )
    finally:
        os.close(lock)  # the server process holds its inherited copy


def _acquire_server_lock(paths: ServerPaths) -> int:
    lock = paths.open_lock("server")
    if acquire_lock(lock, fcntl.LOCK_EX, patience=_CHECK_INTERVAL):
        return lock
    # Where a server does not die with its supervisor, it is asked to end; elsewhere it is ending.
    shut_down(paths)
    if not acquire_lock(lock, fcntl.LOCK_EX, patience=TIMEOUT):
        sys.exit("A server without supervisor has the data open and does not end. Stop it, then start again.")
    return lock


def _move_data_aside(paths: ServerPaths) -> None:
    """Move unreadable data aside, so that the server can start; nothing that visitors rely on is in it."""
    aside = paths.data.with_name(f"data.unreadable-{time.time():.0f}")
    paths.data.rename(aside)
    print(f"the server cannot read its data: moved to {aside}", flush=True)


def _stop_server(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(TIMEOUT)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(ServerPaths(Path(sys.argv[1]))))
