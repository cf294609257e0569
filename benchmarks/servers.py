"""Servers to measure, each on one core, and a load of limited duration from another core."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.processes import free_port

ROOT = Path(__file__).parent.parent
ALONE = ("-w", "1", "--log-level", "warning", "--no-control-socket")
GUNICORN = ("-m", "gunicorn", "-k", "gevent", *ALONE)
CONFIGURED = ("-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", *ALONE)
BIND = ("--bind", "127.0.0.1:{port}")
SETTLE_SECONDS = 300
IDLE_SHARE = 0.06  # of a core: more than the periodic tasks of a shop at rest take


@dataclass(frozen=True, slots=True)
class Load:
    """The result of a load: requests per second, 99th percentile of the response time in ms, and CPU cost.

    `cpu` is in microseconds per request, of all processes of the server. It is comparable on a busy machine too.
    """

    rate: float
    p99: float
    cpu: float = 0.0


_groups: dict[str, int] = {}  # the process group that serves a host and port


def unwind_when_ended() -> None:
    """Let SIGTERM end this process like Ctrl-C, so that it stops every server that it started."""

    def leave(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # a second signal must not interrupt the clean-up
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)


@contextmanager
def server(arguments: Sequence[str], environ: Mapping[str, str], *, core: int = 0) -> Iterator[str]:
    """Serve on a free port, pinned to a core, and yield the base URL; {port} in the arguments is replaced."""
    port = free_port()
    words = [sys.executable, *(word.replace("{port}", str(port)) for word in arguments)]
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ},
        start_new_session=True,
    )
    _groups[f"127.0.0.1:{port}"] = process.pid
    try:
        for _ in range(600):
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
                break
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(words)} ended with {process.returncode}")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def load(
    url: str,
    *,
    seconds: int = 3,
    connections: int = 16,
    core: int = 1,
    script: Path | None = None,
    headers: Sequence[str] = (),
    encoding: str = "br",
) -> Load:
    """Request a URL as fast as possible over keep-alive connections with wrk, optionally with a wrk script.

    `encoding` is the value of Accept-Encoding.

    Raises:
        SystemExit: wrk is not installed, or a response was not 200.
    """
    if shutil.which("wrk") is None:
        raise SystemExit("The benchmarks need wrk to make load. On Debian: apt-get install wrk")
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if script:
        command += ["-s", str(script)]
    for header in headers:
        command += ["-H", header]
    group = _groups.get(urlsplit(url).netloc, 0)
    worked = _worked(group)
    ran = subprocess.run(
        [*command, "-H", f"Accept-Encoding: {encoding}", url], check=True, capture_output=True, text=True
    )
    if "Non-2xx" in ran.stdout:
        raise SystemExit(f"{url} did not answer 200:\n{ran.stdout}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", ran.stdout)
    if rate is None or slow is None:
        raise SystemExit(f"The output of wrk has an unknown format:\n{ran.stdout}")
    answered = re.search(r"(\d+) requests in", ran.stdout)
    cpu = (_worked(group) - worked) / int(answered[1]) if answered else 0.0
    return Load(float(rate[1]), float(slow[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[slow[2]], cpu)


def settle(url: str) -> None:
    """Wait until a server is at rest: a shop that has just started fills its cache, and pages open one by one.

    Raises:
        SystemExit: it is still busy after SETTLE_SECONDS.
    """
    deadline, quiet = time.monotonic() + SETTLE_SECONDS, 0
    while quiet < 2:
        if time.monotonic() > deadline:
            raise SystemExit(f"{url} is still busy after {SETTLE_SECONDS} s without a request")
        began, worked = time.monotonic(), cpu_time(url)
        time.sleep(1)
        share = (cpu_time(url) - worked) / 1e6 / (time.monotonic() - began)
        quiet = quiet + 1 if share < IDLE_SHARE else 0


def cpu_time(url: str) -> float:
    """Return the CPU time that the server of a URL has used, in microseconds."""
    return _worked(_groups.get(urlsplit(url).netloc, 0))


def _worked(group: int) -> float:
    """Return the CPU time of a process group in microseconds (proc(5): utime and stime)."""
    ticks = 0
    for about in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = about.read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12]) if int(fields[2]) == group else 0
    return ticks * 1e6 / os.sysconf("SC_CLK_TCK")
