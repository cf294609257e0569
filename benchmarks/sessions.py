"""The cost of sessions compared with Flask-Session: pages that do not touch, read or write the session."""

from __future__ import annotations

import os
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from redis import Redis
from werkzeug.test import EnvironBuilder

from benchmarks import servers, shops
from benchmarks.pages import in_turns
from benchmarks.peers import flask_session_app
from benchmarks.servers import BIND, GUNICORN
from storefront.redis_roles import embedded

NAMES = {"none": "no sessions", "flask-session": "Flask-Session", "storefront": "storefront"}
PAGES = {"untouched": "touches none", "read": "reads it", "write": "writes it"}
CALLS = 3000
VISITORS = 200
COUNTED = 100  # requests

# Each request comes from another visitor.
SCRIPT = """
local cookies, turn = {%s}, 0
request = function()
  turn = turn %% #cookies + 1
  wrk.headers["Cookie"] = cookies[turn]
  return wrk.format()
end
"""


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print two tables: the time of one request, and requests per second of one worker on one core."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        redis = embedded.acquire_server(folder / "redis")
        _alone(redis)
        _served(stack, folder, redis)


def _alone(redis: str) -> None:
    apps = {name: flask_session_app.make(whose, redis) for whose, name in NAMES.items()}
    cookies = {
        name: (app.test_client().get("/begin").headers.get("Set-Cookie") or "none=1").split(";")[0]
        for name, app in apps.items()
    }
    rows = []
    for page, does in PAGES.items():
        took: dict[str, list[int]] = {name: [] for name in apps}
        for _ in range(CALLS):
            for name, app in apps.items():
                environ = EnvironBuilder(f"/{page}", headers={"Cookie": cookies[name]}).get_environ()
                began = time.perf_counter_ns()
                list(app.wsgi_app(environ, lambda *_: lambda _: None))
                took[name].append(time.perf_counter_ns() - began)
        medians = {name: sorted(times)[CALLS // 2] / 1000 for name, times in took.items()}
        bare, peer = medians["no sessions"], medians["Flask-Session"]
        rows += [
            [does, name, f"{median:.0f}", f"{median - bare:.0f}", f"{median / peer:.2f}"]
            for name, median in medians.items()
        ]
    shops.table(
        f"One request at a time, {CALLS:,} of each in turns, Redis on a unix socket",
        ["page", "sessions", "median µs", "µs added", "× Flask-Session"],
        rows,
    )


def _served(stack: ExitStack, folder: Path, redis: str) -> None:
    bases, cookies, scripts = {}, {}, {}
    for whose, name in NAMES.items():
        environ = {"PEER_REDIS": redis, "PEER_SESSIONS": whose, "HOME": os.environ.get("HOME", "/")}
        bases[name] = stack.enter_context(
            servers.server([*GUNICORN, *BIND, "benchmarks.peers.flask_session_app:app"], environ)
        )
        cookies[name] = [_begin(bases[name]) for _ in range(VISITORS)]
        scripts[name] = folder / f"{whose}.lua"
        scripts[name].write_text(SCRIPT % ", ".join(f'"{cookie}"' for cookie in cookies[name]))
    rows = []
    for page, does in PAGES.items():
        urls = {name: f"{base}/{page}" for name, base in bases.items()}
        trips = {name: _round_trips(urls[name], cookies[name], redis) for name in urls}
        seen = in_turns(urls, scripts)
        peer = seen["Flask-Session"].rate
        rows += [
            [
                does,
                name,
                f"{load.rate:,.0f}",
                f"{load.p99:.1f}",
                f"{trips[name]:.0f}",
                f"{load.rate / peer:.2f}",
            ]
            for name, load in seen.items()
        ]
    shops.table(
        f"The thinnest Flask view, {VISITORS} visitors, one worker on one core, 16 connections",
        ["page", "sessions", "requests/s", "p99 ms", "round trips", "× Flask-Session"],
        rows,
    )


def _begin(base: str) -> str:
    """Return the cookie of a new visitor."""
    with urllib.request.urlopen(f"{base}/begin", timeout=10) as response:
        return (response.headers["Set-Cookie"] or "none=1").split(";")[0]


def _round_trips(url: str, cookies: list[str], redis: str) -> float:
    """Return how many Redis commands a request sends."""
    client = Redis.from_url(redis)
    with client.monitor() as monitor:
        for cookie in cookies[:COUNTED]:
            urllib.request.urlopen(
                urllib.request.Request(url, headers={"Cookie": cookie}), timeout=10
            ).close()
        client.echo("enough")
        seen = 0
        for command in monitor.listen():
            if "enough" in command["command"]:
                return seen / COUNTED
            seen += command["client_type"] != "lua"
    return 0.0
