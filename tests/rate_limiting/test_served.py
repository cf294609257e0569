"""The shop under gunicorn: two workers, many clients at one address."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.processes import ROOT, eventually, served

GUNICORN = [str(ROOT / ".venv" / "bin" / "gunicorn"), "--config", "deploy/gunicorn.conf.py", "--workers", "2"]
LIMIT = 60


def status(url: str, **headers: str) -> int:
    wanted = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(wanted, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.slow
def test_50_parallel_clients_get_at_most_a_tenth_more(tmp_path: Path) -> None:
    command = [*GUNICORN, "--bind", "127.0.0.1:{port}", "wsgi:app"]
    rate = {"STOREFRONT_LIMIT_BROWSE": f"{LIMIT}/day"}
    with served(tmp_path / "shop", *command, **rate) as shop, ThreadPoolExecutor(50) as pool:

        def visit(number: int) -> int:
            return status(f"{shop.url}/robots.txt", **{"X-Forwarded-For": f"203.0.113.{number}"})

        found = Counter(pool.map(visit, range(250)))
        assert set(found) == {200, 429}
        assert LIMIT <= found[200] <= LIMIT + LIMIT // 10
        assert status(f"{shop.url}/healthz") == 200
        assert eventually(lambda: f"{found[429]}" in _refused(shop.flask("limits", "report").stdout))


def _refused(report: str) -> list[str]:
    return next((line.split() for line in report.splitlines() if line.startswith("127.0.0.1")), [])
