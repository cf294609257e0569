"""How soon two tabs of a real browser, which share one connection, show a change of stock."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select

from benchmarks import servers, shops
from benchmarks.streams import SHOP, place
from storefront import stock
from storefront.app import create_app
from storefront.catalog.models import Product
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem
from tests.browser.conftest import ARGUMENTS

CHANGES, COMMANDS = 100, 10
# Records when each text of the badge first appeared, in seconds since 1970.
NOTED = """
    window.seen = {};
    new MutationObserver(() => {
        const text = document.querySelector("#buy stock-badge")?.textContent;
        if (text) window.seen[text] ??= (performance.timeOrigin + performance.now()) / 1000;
    }).observe(document, { subtree: true, childList: true, characterData: true });
"""


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print the table.

    Raises:
        SystemExit: Chromium is not installed.
    """
    if (chromium := shutil.which("chromium")) is None:
        raise SystemExit("This benchmark needs a browser. On Debian: apt-get install chromium")
    with place() as (environ, redis):
        environ |= {"REDIS_URL": redis, "STOREFRONT_STOCK_DISPLAY": "exact"}
        app = create_app(environ, instance=Path(environ["STOREFRONT_INSTANCE_DIR"]))
        with (
            app.app_context(),
            servers.server(SHOP, environ) as url,
            sync_playwright() as playwright,
            playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS) as browser,
        ):
            wanted = select(Product.slug, StockItem.sku).join(StockItem, StockItem.product_id == Product.id)
            slug, sku = db.session.execute(wanted.limit(1)).one()
            db.session.remove()
            context = browser.new_context(bypass_csp=True)  # `wait_for_function` evaluates
            context.add_init_script(NOTED)
            tabs = [context.new_page() for _ in range(2)]
            for tab in tabs:
                tab.goto(f"{url}/products/{slug}?variant={sku}")
            # Connects the tabs and warms everything up.
            _seen(tabs, partial(_changed, sku), range(1000, 1005))
            changes = _seen(tabs, partial(_changed, sku), range(2000, 2000 + CHANGES))
            commands = _seen(tabs, partial(_typed, sku, environ), range(3000, 3000 + COMMANDS))
            db.engine.dispose()
    shops.table(
        "Until two tabs show a change",
        ["what", "times", "median ms", "longest ms"],
        [
            ["from the beginning of its transaction", *changes],
            ["from the end of `flask stock set`", *commands],
        ],
    )


def _seen(tabs: list[Page], change: Callable[[int], float], numbers: range) -> list[str]:
    took = []
    for number in numbers:
        began = change(number)
        for tab in tabs:
            shown = tab.wait_for_function("text => seen[text]", arg=f"{number} in stock")
            took.append(1000 * (shown.json_value() - began))
    return [str(len(numbers)), f"{statistics.median(took):.0f}", f"{max(took):.0f}"]


def _changed(sku: str, number: int) -> float:
    began = time.time()
    with write_transaction() as session:
        stock.set_on_hand(session, sku, number, reason="bench", actor="bench")
    return began


def _typed(sku: str, environ: dict[str, str], number: int) -> float:
    words = [sys.executable, "-m", "flask", "stock", "set", sku, str(number), "--reason", "bench"]
    subprocess.run(words, cwd=shops.ROOT, env=environ, check=True, capture_output=True)
    return time.time()
