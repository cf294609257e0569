"""/me and adding to the basket, compared with the same in plain Flask-Session: rate, and lost updates."""

from __future__ import annotations

import json
import os
import re
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchmarks import servers, shops
from benchmarks.pages import first_product, in_turns
from benchmarks.peers import flask_limiter_app
from benchmarks.servers import BIND, CONFIGURED, GUNICORN
from storefront.redis_roles import embedded

VISITORS = 200
TOGETHER = 20

# Each request comes from another visitor.
SCRIPT = """
local cookies, turn = {%s}, 0
wrk.method = "%s"
wrk.body = "%s"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Sec-Fetch-Site"] = "same-origin"
request = function()
  turn = turn %% #cookies + 1
  wrk.headers["Cookie"] = cookies[turn]
  return wrk.format()
end
"""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Does not follow redirects."""

    def http_error_303(self, _request: object, answer: object, *_: object) -> object:
        return answer


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print two tables: requests per second of one worker on one core, and how many parallel clicks survive."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        redis = embedded.acquire_server(folder / "redis")
        instance = stack.enter_context(shops.empty())
        bases = {"Flask-Session": _peer(stack, redis), "storefront": _shop(stack, instance, redis)}
        sku = _sku(bases["storefront"])
        shops.command(instance, "stock", "set", sku, "1000000", "--reason", "benchmark")
        body = f"sku={sku}&quantity=1"
        rows = []
        cookies = {name: [_add(base, body) for _ in range(VISITORS)] for name, base in bases.items()}
        for method, path, does in (("GET", "/me", "/me"), ("POST", "/cart/lines", "adding to the basket")):
            scripts = {name: folder / f"{method}-{name}.lua" for name in bases}
            for name, script in scripts.items():
                listed = ", ".join(f'"{cookie}"' for cookie in cookies[name])
                script.write_text(SCRIPT % (listed, method, body if method == "POST" else ""))
            seen = in_turns({name: f"{base}{path}" for name, base in bases.items()}, scripts)
            peer = seen["Flask-Session"].rate
            rows += [
                [does, name, f"{load.rate:,.0f}", f"{load.p99:.1f}", f"{load.rate / peer:.2f}"]
                for name, load in seen.items()
            ]
        kept = [[name, str(_together(base, body))] for name, base in bases.items()]
    shops.table(
        f"{VISITORS} visitors with a basket, one worker on one core, 16 connections",
        ["page", "server", "requests/s", "p99 ms", "× Flask-Session"],
        rows,
    )
    shops.table(f"{TOGETHER} clicks of one visitor at once", ["server", "kept"], kept)


def _peer(stack: ExitStack, redis: str) -> str:
    environ = {"PEER_REDIS": redis, "PEER_BASKET": "1", "HOME": os.environ.get("HOME", "/")}
    return stack.enter_context(servers.server([*GUNICORN, *BIND, "benchmarks.peers.basket_app:app"], environ))


def _shop(stack: ExitStack, instance: Path, redis: str) -> str:
    shops.command(instance, "demo", "--products", "100", "--seed", "1", "--no-pictures")
    environ = shops.environ(instance) | {"STOREFRONT_ENV": "development", "REDIS_URL": redis}
    environ |= {"STOREFRONT_INSTANCE_DIR": str(instance)}
    environ |= {f"STOREFRONT_LIMIT_{name}": flask_limiter_app.MANY for name in ("ME", "CART", "BROWSE")}
    return stack.enter_context(servers.server([*CONFIGURED, *BIND, "wsgi:app"], environ))


def _sku(shop: str) -> str:
    with urllib.request.urlopen(f"{shop}/products/{first_product(shop)}", timeout=10) as response:
        found = re.search(r'name="sku" value="([^"]+)"', response.read().decode())
    if found is None:
        raise SystemExit("The shop's first product cannot be bought.")
    return found[1]


def _add(base: str, body: str, cookie: str = "") -> str:
    """Add one item to a basket; return the basket's cookie."""
    headers = {"Sec-Fetch-Site": "same-origin", **({"Cookie": cookie} if cookie else {})}
    wanted = urllib.request.Request(f"{base}/cart/lines", data=body.encode(), headers=headers)
    with urllib.request.build_opener(_Stay).open(wanted, timeout=10) as response:
        given = [value.split(";")[0] for value in response.headers.get_all("Set-Cookie") or ()]
    return cookie or next(one for one in given if one.startswith(("cart", "session")))


def _together(base: str, body: str) -> int:
    """Return how many of a new visitor's parallel clicks are in the basket, without the first."""
    cookie = _add(base, body)
    with ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(lambda _: _add(base, body, cookie), range(TOGETHER)))
    wanted = urllib.request.Request(f"{base}/me", headers={"Cookie": cookie})
    with urllib.request.urlopen(wanted, timeout=10) as response:
        return int(json.load(response)["cart_quantity"]) - 1
