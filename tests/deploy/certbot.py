"""Replaces certbot and the certificate authority: requests the challenge from every nginx.

DNS may name any of the servers, so each must answer.

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

PLAIN = 1080  # the port for plain HTTP of a test's nginx
_PATH = "/.well-known/acme-challenge/question"


class Answer(BaseHTTPRequestHandler):
    """Serves the proof that the domain is ours."""

    def do_GET(self) -> None:
        """Answer the challenge and nothing else."""
        self.send_response(200 if self.path == _PATH else 404)
        self.end_headers()
        self.wfile.write(b"the answer")


def main() -> None:
    """Obtain a certificate as the arguments ask."""
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
