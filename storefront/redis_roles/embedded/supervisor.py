"""The supervisor: parent of the embedded server for as long as a process uses it.

`embedded.acquire_server` starts it in a session of its own. It goes to the background once it has the keeper's lock.
The exit status of the foreground is 0 then; otherwise it is 1, and the log says why. On SIGTERM it shuts the server
down.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from storefront.redis_roles.embedded.paths import TIMEOUT, ServerPaths, acquire_lock
from storefront.redis_roles.embedded.server import find_program

_CHECK_INTERVAL = 0.2  # seconds between looks at the users and at the server
_MIN_LIFETIME = 5.0  # seconds; a server that ends sooner has hardly started
_MAX_FAILED_STARTS = 3  # so many starts in a row that the server itself gave up: it cannot read its data
_PR_SET_PDEATHSIG = 1  # prctl(2)
# What Redis says of data that it cannot read; a full disk or a missing directory is no reason to set data aside.
_UNREADABLE = re.compile(
    r"Bad file format|Unexpected end of file reading|Fatal error loading|Error loading the|Unrecoverable error"
    r"|Can't handle RDB format|Wrong signature|rdb file reading failure|corrupt",
    re.IGNORECASE,
)


def main(here: ServerPaths) -> int:
    """Become the keeper of this place and return 0 when its server has gone, or 1 if that cannot be."""
    # First the end of a server whose keeper was killed: from then on, what answers is ours.
    os.close(_acquire_server_lock(here))
    mine = here.open_lock("keeper")
    if not acquire_lock(mine, fcntl.LOCK_EX, patience=1):
        print("there is a keeper already", flush=True)
        return 0
    if os.fork():
        os._exit(0)
    supervise(here)
    here.socket.unlink(missing_ok=True)
    # Before the users' lock, which goes with this process: who gets that one must not find a keeper that leaves.
    os.close(mine)
    return 0


def supervise(here: ServerPaths) -> None:
    """Run the server until nobody uses it; start it again if it dies or somebody removes its socket."""
    users = here.open_lock("users")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server, began, deaths, refusals = _start_server(here), time.monotonic(), 0, 0
    try:
        while not acquire_lock(users, fcntl.LOCK_EX):
            time.sleep(_CHECK_INTERVAL)
            if not here.is_same_lock("users", users):
                # Somebody deleted the folder. Killed, the server cannot remove the socket of its successor.
                server.kill()
                os._exit(0)
            if server.poll() is None:
                if time.monotonic() - began < _MIN_LIFETIME or here.socket.exists():
                    continue
                print(f"{here.socket} was removed; starting the server again", flush=True)
                _stop_server(server)
            else:
                young = time.monotonic() - began < _MIN_LIFETIME
                deaths = deaths + 1 if young else 1
                # Redis exits with 1 when it gives up; a kill is no reason to doubt the data.
                refusals = refusals + 1 if young and server.returncode == 1 else 0
                print(f"the server ended with {server.returncode}; starting it again ({deaths})", flush=True)
                if refusals == _MAX_FAILED_STARTS and _UNREADABLE.search(here.log_tail(40)):
                    _move_data_aside(here)
                time.sleep(min(0.1 * 2**deaths, 5))
            server, began = _start_server(here), time.monotonic()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _stop_server(server)


def _start_server(here: ServerPaths) -> subprocess.Popen[bytes]:
    here.data.mkdir(mode=0o700, exist_ok=True)
    for leftover in here.data.glob("temp-*"):  # a rewrite of the append-only file that was killed
        leftover.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(here.socket),
        "unixsocketperm": "700",
        "dir": str(here.data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        # Sessions, counters and pages share this server: what has least of its life left goes first.
        "maxmemory": "256mb",
        "maxmemory-policy": "volatile-ttl",
        "daemonize": "no",
        "logfile": str(here.log),
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    lock = _acquire_server_lock(here)
    try:
        return subprocess.Popen(  # noqa: S603  # a program that we looked for, and options of ours
            [find_program(), *arguments], pass_fds=[lock], preexec_fn=_die_with_parent(os.getpid())
        )
    finally:
        os.close(lock)  # the server's copy holds it on


def _acquire_server_lock(here: ServerPaths) -> int:
    lock = here.open_lock("server")
    if not acquire_lock(lock, fcntl.LOCK_EX, patience=TIMEOUT):
        sys.exit("A server that nobody keeps has the data open and does not end. Stop it, then start again.")
    return lock


def _die_with_parent(keeper: int) -> Callable[[], None]:
    """Return what a child does so that it does not outlive the keeper, however that ends (Linux only)."""
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def prepare() -> None:
        if prctl:
            # Not SIGTERM, which a stopped server would not hear. The append-only file is whole up to the last answer.
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:  # killed before the line above
            os._exit(1)

    return prepare


def _move_data_aside(here: ServerPaths) -> None:
    """Move data that the server cannot read out of its way: it holds nothing that a shopper would miss."""
    aside = here.data.with_name(f"data.unreadable-{time.time():.0f}")
    here.data.rename(aside)
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
