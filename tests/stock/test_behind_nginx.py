"""A stream through nginx and over HTTP/2, without settings for it: the response headers turn buffering off."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.processes import Shop, eventually, free_port
from tests.stock.streams import open_streams, set_stock

CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 100; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {folder}/certificate; ssl_certificate_key {folder}/key;
        location / {{
            proxy_pass {shop}; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""
CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout key -out certificate"
)


@pytest.fixture
def nginx(shop: Shop, tmp_path: Path) -> Iterator[str]:
    """The URL of an nginx in front of the shop."""
    subprocess.run(CERTIFICATE.split(), cwd=tmp_path, check=True, capture_output=True)
    port = free_port()
    file = tmp_path / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=tmp_path, port=port, shop=shop.url))
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            ["nginx", "-e", tmp_path / "log", "-c", file], stdout=output, stderr=output
        )
    try:
        assert eventually(lambda: process.poll() is not None or answers(port))
        assert process.poll() is None, (tmp_path / "log").read_text()
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@pytest.mark.needs("nginx", "curl", "openssl")
def test_nginx_passes_changes_at_once_and_closes_are_seen(shop: Shop, nginx: str) -> None:
    command = ["curl", "--silent", "--no-buffer", "--insecure", "--http2", "--include", "--max-time", "30"]
    with subprocess.Popen([*command, f"{nginx}/stock/stream?product=9"], stdout=subprocess.PIPE) as browser:
        assert browser.stdout
        assert browser.stdout.readline().strip() == b"HTTP/2 200"
        lines = (line.decode() for line in browser.stdout)
        first = json.loads(next(line for line in lines if line.startswith("data: ")).removeprefix("data: "))
        item = first["items"][0]
        assert eventually(lambda: open_streams(shop) == 1)
        set_stock(shop, item["sku"], 4)
        event = json.loads(next(line for line in lines if item["sku"] in line).removeprefix("data: "))
        assert (event["band"], event["left"]) == ("low", 4)
        browser.terminate()
    assert eventually(lambda: open_streams(shop) == 0)
