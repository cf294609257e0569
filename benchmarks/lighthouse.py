"""Lighthouse on a phone: `python -m benchmarks.lighthouse http://127.0.0.1:8000` measures the shop served there.

The version is pinned, and the network is the one that Lighthouse simulates (slow 4G, 150 ms, a mid-range phone), so
two machines agree. Prints the medians of five runs for the front page, a list and a product.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

VERSION = "13.5.0"
RUNS = 5
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = "--headless --no-sandbox --disable-gpu --disable-background-networking"
AUDITS = {
    "LCP (s)": ("largest-contentful-paint", 1000),
    "FCP (s)": ("first-contentful-paint", 1000),
    "CLS": ("cumulative-layout-shift", 1),
    "weight (kB)": ("total-byte-weight", 1000),
}


def measure(url: str, program: list[str], chromium: str) -> dict[str, float]:
    """Run Lighthouse on a page; return its figures by name."""
    options = ["--output=json", "--quiet", "--only-categories=performance,seo", f"--chrome-flags={FLAGS}"]
    done = subprocess.run(
        [*program, url, *options],
        env=os.environ | {"CHROME_PATH": chromium},
        capture_output=True,
        check=True,
        text=True,
    )
    report: Mapping[str, Any] = json.loads(done.stdout)
    figures = {name: report["audits"][audit]["numericValue"] / unit for name, (audit, unit) in AUDITS.items()}
    scores = {name: 100 * report["categories"][name]["score"] for name in ("performance", "seo")}
    return figures | scores


def find_pages(shop: str) -> dict[str, str]:
    """Return the URLs of the front page, of the list of all products, and of its first product."""
    products = urljoin(shop, "/products")
    with urlopen(products, timeout=30) as answer:
        found = re.search(r'class="card__title"[^>]*><a href="([^"]+)"', answer.read().decode())
    first = {"product": urljoin(shop, found[1])} if found else {}
    return {"home": urljoin(shop, "/"), "list": products} | first


def main() -> int:
    """Measure the shop that the command names; return the exit status."""
    npx, chromium = shutil.which("npx"), next(filter(None, map(shutil.which, CHROMIUM)), None)
    if npx is None or chromium is None:
        print("Skipped: Lighthouse needs Node.js (its npx) and Chromium; install both.")
        return 0
    if len(sys.argv) != 2:
        print("Name the shop to measure: python -m benchmarks.lighthouse http://127.0.0.1:8000")
        return 2
    program = [npx, "--yes", f"lighthouse@{VERSION}"]
    for name, url in find_pages(sys.argv[1]).items():
        runs = [measure(url, program, chromium) for _ in range(RUNS)]
        medians = {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
        print(name, *(f"{figure}: {value:.3g}" for figure, value in medians.items()), sep=" | ", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
