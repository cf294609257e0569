"""The keeper: parent of the embedded server for as long as anybody uses it.

Started by `embedded.join`, in a session of its own. It leaves the foreground once the keeper's lock is its own; its
exit status is 0 then, else 1, and the log says why. SIGTERM makes it stop the server in order.
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

from storefront.redis_roles.embedded.paths import PATIENCE, Place, acquire
from storefront.redis_roles.embedded.server import program

_LOOK = 0.2  # seconds between looks at the users and at the server
_SHORT_LIFE = 5.0  # seconds; a server that ends sooner has hardly started
_REFUSALS = 3  # so many starts in a row that the server itself gave up: it cannot read its data
_PR_SET_PDEATHSIG = 1  # prctl(2)
# What Redis says of data that it cannot read; a full disk or a missing directory is no reason to set data aside.
_UNREADABLE = re.compile(
    r"Bad file format|Unexpected end of file reading|Fatal error loading|Error loading the|Unrecoverable error"
    r"|Can't handle RDB format|Wrong signature|rdb file reading failure|corrupt",
    re.IGNORECASE,
)


def main(here: Place) -> int:
    """Become the keeper of this place and return 0 when its server has gone, or 1 if that cannot be."""
    # First the end of a server whose keeper was killed: from then on, what answers is ours.
    os.close(_server_lock(here))
    mine = here.lock("keeper")
    if not acquire(mine, fcntl.LOCK_EX, patience=1):
        print("there is a keeper already", flush=True)
        return 0
    if os.fork():
        os._exit(0)
    keep(here)
    here.socket.unlink(missing_ok=True)
    # Before the users' lock, which goes with this process: who gets that one must not find a keeper that leaves.
    os.close(mine)
    return 0


def keep(here: Place) -> None:
    """Run the server until nobody uses it; start it again if it dies or somebody removes its socket."""
    users = here.lock("users")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server, began, deaths, refusals = _serve(here), time.monotonic(), 0, 0
    try:
        while not acquire(users, fcntl.LOCK_EX):
            time.sleep(_LOOK)
            if not here.is_still("users", users):
                # Somebody deleted the folder. Killed, the server cannot remove the socket of its successor.
                server.kill()
                os._exit(0)
            if server.poll() is None:
                if time.monotonic() - began < _SHORT_LIFE or here.socket.exists():
                    continue
                print(f"{here.socket} was removed; starting the server again", flush=True)
                _stop(server)
            else:
                young = time.monotonic() - began < _SHORT_LIFE
                deaths = deaths + 1 if young else 1
                # Redis exits with 1 when it gives up; a kill is no reason to doubt the data.
                refusals = refusals + 1 if young and server.returncode == 1 else 0
                print(f"the server ended with {server.returncode}; starting it again ({deaths})", flush=True)
                if refusals == _REFUSALS and _UNREADABLE.search(here.last_words(40)):
                    _set_aside(here)
                time.sleep(min(0.1 * 2**deaths, 5))
            server, began = _serve(here), time.monotonic()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _stop(server)


def _serve(here: Place) -> subprocess.Popen[bytes]:
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
    lock = _server_lock(here)
    try:
        return subprocess.Popen([program(), *arguments], pass_fds=[lock], preexec_fn=_bound_to(os.getpid()))  # noqa: S603
    finally:
        os.close(lock)  # the server's copy holds it on


def _server_lock(here: Place) -> int:
    lock = here.lock("server")
    if not acquire(lock, fcntl.LOCK_EX, patience=PATIENCE):
        sys.exit("A server that nobody keeps has the data open and does not end. Stop it, then start again.")
    return lock


def _bound_to(keeper: int) -> Callable[[], None]:
    """Return what a child does so that it does not outlive the keeper, however that ends (Linux only)."""
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def prepare() -> None:
        if prctl:
            # Not SIGTERM, which a stopped server would not hear. The append-only file is whole up to the last answer.
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:  # killed before the line above
            os._exit(1)

    return prepare


def _set_aside(here: Place) -> None:
    """Move data that the server cannot read out of its way: it holds nothing that a shopper would miss."""
    aside = here.data.with_name(f"data.unreadable-{time.time():.0f}")
    here.data.rename(aside)
    print(f"the server cannot read its data: moved to {aside}", flush=True)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(Place(Path(sys.argv[1]))))
