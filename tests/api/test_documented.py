"""The examples of docs/api.md work as they are printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from storefront.api import tokens
from tests.api.conftest import Call
from tests.factories import make_product

pytestmark = pytest.mark.any_database

GUIDE = (Path(__file__).parent.parent.parent / "docs" / "api.md").read_text()


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.S)
    assert found, language
    return found[1]


@pytest.fixture
def served(app: Flask) -> Iterator[dict[str, str]]:
    """The environment variables of the examples, for a running shop."""
    make_product("Green tea", variants=[{"sku": "TEA-01", "price": 1000, "on_hand": 50}])
    token = tokens.create_token("examples", ["catalog:write", "stock:write"])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield {"PATH": os.environ["PATH"], "SHOP": f"http://127.0.0.1:{server.server_port}", "TOKEN": token}
    server.shutdown()
    server.server_close()
    thread.join()


def test_curl_examples(served: dict[str, str], call: Call) -> None:
    script = f"set -e\n{example('sh')}".replace("\ncurl", "\necho\ncurl")
    ran = subprocess.run(["bash", "-c", script], env=served, capture_output=True, text=True, check=True)
    listed, one, patched, stock = (json.loads(line) for line in ran.stdout.split("\n") if line)
    assert [item["title"] for item in listed["items"]] == [one["title"]] == ["Green tea"]
    assert (patched["vendor"], stock["stock"]) == ("Hill & Sons", 7)
    assert call("GET", "/products/1", scopes="stock:read").get_json()["stock"] == 7


def test_python_example(served: dict[str, str], call: Call) -> None:
    command = [sys.executable, "-c", example("python")]
    ran = subprocess.run(command, env=served, capture_output=True, text=True, check=True)
    assert ran.stdout == "Green tea {'amount': 1100, 'currency': 'USD'}\n"
    assert call("GET", "/products/1").get_json()["price"]["amount"] == 1100


def test_all_operations_and_scopes_are_documented(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if str(rule).startswith("/api/v1/"):
            method = next(m for m in sorted(rule.methods or ()) if m not in ("HEAD", "OPTIONS"))
            told = re.sub(r"<(?:[^:>]+:)?(?:product_)?(\w+)>", r"<\1>", str(rule).removeprefix("/api/v1"))
            assert f"`{method} {told}" in GUIDE, (method, told)
    assert [scope for scope in tokens.SCOPES if f"| `{scope}` |" not in GUIDE] == []
