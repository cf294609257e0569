"""Stands in for certbot and for who gives certificates: asks every nginx for the answer, as DNS may name any of them.

python certbot.py DISK certonly --standalone --http-01-address A --http-01-port P --deploy-hook PROGRAM -d DOMAIN
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

PLAIN = 1080  # where a test's nginx listens for what comes without TLS
_PATH = "/.well-known/acme-challenge/question"


class Answer(BaseHTTPRequestHandler):
    """What proves that the domain is ours."""

    def do_GET(self) -> None:
        """Answer the question alone."""
        self.send_response(200 if self.path == _PATH else 404)
        self.end_headers()
        self.wfile.write(b"the answer")


def main() -> None:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser()
    for name in ("disk", "verb"):
        parser.add_argument(name)
    for name in ("--standalone", "--agree-tos", "--no-eff-email"):
        parser.add_argument(name, action="store_true", required=True)
    for name in ("--http-01-address", "--http-01-port", "--deploy-hook", "-m", "-d"):
        parser.add_argument(name, required=True)
    given = parser.parse_args()
    disk = Path(given.disk)
    server = HTTPServer((given.http_01_address, int(given.http_01_port)), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for other in disk.parent.iterdir():
        if (other / "etc/nginx/site").exists():
            nginx = http.client.HTTPConnection((other / "etc/address").read_text(), PLAIN, timeout=30)
            nginx.request("GET", _PATH, headers={"Host": given.d})
            if (told := nginx.getresponse().read()) != b"the answer":
                raise SystemExit(f"{other.name} answers {told!r}")
    lineage = disk / "etc/letsencrypt/live" / given.d
    lineage.mkdir(parents=True)
    words = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    words += ["-subj", "/CN=who gives certificates", "-addext", f"subjectAltName=DNS:{given.d}"]
    subprocess.run([*words, "-keyout", "privkey.pem", "-out", "fullchain.pem"], cwd=lineage, check=True)
    subprocess.run([given.deploy_hook], env=os.environ | {"RENEWED_LINEAGE": str(lineage)}, check=True)


if __name__ == "__main__":
    main()
