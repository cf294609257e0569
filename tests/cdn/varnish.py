"""Varnish with the file of deploy/varnish, in a directory of the test."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from tests.deploy.front import configured
from tests.processes import ROOT, eventually
from tests.programs import require_program

TOKEN = "only-for-tests-and-long-enough"
VCL = ROOT / "deploy" / "varnish" / "storefront.vcl"


@dataclass
class Varnish:
    """A running Varnish."""

    url: str

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, Message]:
        """Return status, body and headers of an answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, method=method, headers=named)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers


@contextmanager
def varnish(folder: Path, shop: int, port: int) -> Iterator[Varnish]:
    """Serve a gunicorn through Varnish on this port; it reads TOKEN from a file in the folder."""
    server = require_program("varnishd")
    (folder / "token").write_text(f"{TOKEN}\n")
    vcl = configured(
        VCL,
        folder / "storefront.vcl",
        {'.port = "8000"': f'.port = "{shop}"', "/etc/varnish/storefront.token": str(folder / "token")},
    )
    command = [server, "-F", "-n", str(folder / "varnish"), "-a", f"127.0.0.1:{port}", "-f", str(vcl)]
    command += ["-s", "malloc,64m", "-p", "http_gzip_support=off", "-j", "none"]
    with (folder / "varnish.log").open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    found = Varnish(f"http://127.0.0.1:{port}")

    def answers() -> bool:
        assert process.poll() is None, (folder / "varnish.log").read_text()
        with suppress(OSError):
            return bool(found.get("/healthz")[0])
        return False

    try:
        assert eventually(answers, seconds=60)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=30)
