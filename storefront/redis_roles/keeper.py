"""The keeper: parent of the embedded server for as long as anybody uses it."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from storefront.redis_roles.embedded import Place, program

_LOOK = 0.2  # seconds between looks at the users and at the server
_PR_SET_PDEATHSIG = 1  # prctl(2)


def keep(here: Place) -> None:
    """Run the server until nobody uses it, again if it dies; return at once if there is a keeper already."""
    mine = here.lock("keeper")
    if not _try(mine):
        return
    users = here.lock("users")
    server, began, failures = _serve(here), time.monotonic(), 0
    while not _try(users):
        time.sleep(_LOOK)
        if server.poll() is None:
            continue
        failures = failures + 1 if time.monotonic() - began < 5 else 1
        print(f"redis-server ended with {server.returncode}; starting it again ({failures})", flush=True)
        if failures == 3:
            _set_aside(here)
        time.sleep(min(0.1 * 2**failures, 5))
        server, began = _serve(here), time.monotonic()
    _stop(server)
    here.socket.unlink(missing_ok=True)


def _serve(here: Place) -> subprocess.Popen[bytes]:
    here.data.mkdir(mode=0o700, exist_ok=True)
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
    return subprocess.Popen([program(), *arguments], preexec_fn=_die_with_parent)  # noqa: S603


def _die_with_parent() -> None:
    # A killed keeper takes its server along: nothing is left that the next start would have to find.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _set_aside(here: Place) -> None:
    """Move data that the server cannot read out of its way: it holds nothing that a shopper would miss."""
    aside = here.data.with_name(f"data.unreadable-{time.time():.0f}")
    here.data.rename(aside)
    print(f"the server cannot read its data: moved to {aside}", flush=True)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _try(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    os.umask(0o077)
    keep(Place(Path(sys.argv[1])))
