"""nginx with the files of deploy/nginx, in a directory of the test, and a TLS client for it."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.processes import ROOT, eventually, free_port
from tests.programs import require_program

NGINX = ROOT / "deploy" / "nginx"
HOST = "shop.example"


def configured(file: Path, target: Path, values: Mapping[str, str]) -> Path:
    """Copy a file of deploy/ and replace some values; each value must exist, so that a changed file is noticed."""
    text = file.read_text()
    for old, new in values.items():
        assert old in text, f"{file.name} has no {old!r}"
        text = text.replace(old, new)
    target.write_text(text)
    return target


@dataclass
class Answer:
    """An answer; header names are lower case, repeated headers are joined."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def front(self) -> str:
        """The part of Cache-Status that nginx wrote."""
        return self.headers.get("cache-status", "").rpartition("nginx; ")[2]


@dataclass
class Front:
    """A running nginx."""

    port: int
    plain: int
    log: Path
    certificate: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def get(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> Answer:
        """Send a request over TLS, on a new connection."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(source, 0))
        with context.wrap_socket(raw, server_hostname=HOST) as secure:
            connection = http.client.HTTPConnection(HOST)
            connection.sock = secure
            wanted = {"Host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, wanted)
            response = connection.getresponse()
            found: dict[str, str] = {}
            for name, value in response.getheaders():
                found[name.lower()] = ", ".join(filter(None, (found.get(name.lower()), value)))
            return Answer(response.status, found, response.read())

    def secure(self, *, host: str = HOST, protocols: Sequence[str] = ()) -> ssl.SSLSocket:
        """Return an open TLS connection."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        if protocols:
            context.set_alpn_protocols(list(protocols))
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return context.wrap_socket(raw, server_hostname=host)


@contextmanager
def nginx(
    folder: Path, *shops: int, bare: int | None = None, limited: bool = False, below: bool = False
) -> Iterator[Front]:
    """Serve these ports of gunicorns through deploy/nginx. All files outside of site/ are used unchanged.

    On the port `bare` it serves without TLS, for load generators that do not accept a private certificate. Only with
    `limited` its rate limits are those of deploy/nginx. With `below` the shop is below /shop.
    """
    server = require_program("nginx")
    conf, port, plain = folder / "nginx", free_port(), free_port()
    (conf / "site").mkdir(parents=True)
    for name in ("nginx.conf", "proxy.conf", "locations.conf"):
        shutil.copy(NGINX / name, conf / name)
    certificate = conf / "fullchain.pem"
    _certify(certificate, conf / "privkey.pem")
    first, second = shops[0], shops[-1]
    values: dict[str, dict[str, str]] = {
        "host": {
            "user www-data;": "user root;" if os.geteuid() == 0 else "",
            "/run/nginx.pid": f"{conf}/pid",
            "/var/log/nginx": str(conf),
        },
        # Tests send more from one address than people do.
        "limits": {"r/m;": f"{'000' * (not limited)}r/m;", "connections 1000": "connections 60000"},
        "types": {},
        "log": {"/var/log/nginx": str(conf), " buffer=64k flush=5s": ""},
        "upstream": {
            "127.0.0.1:8000": f"127.0.0.1:{first}",
            "127.0.0.1:8001": f"127.0.0.1:{second}",
            "/var/cache/nginx": str(conf),
        },
        "default": {"listen 443": f"listen 127.0.0.1:{port}", "listen 80": f"listen 127.0.0.1:{plain}"},
        "plain": {"listen 80": f"listen 127.0.0.1:{plain}"},
        "shop": {"listen 443": f"listen 127.0.0.1:{port}", "/etc/ssl/shop": str(conf)},
    }
    assert {path.stem for path in (NGINX / "site").iterdir()} == set(values)
    for name, wanted in values.items():
        configured(NGINX / "site" / f"{name}.conf", conf / "site" / f"{name}.conf", wanted)
    if below:
        site = (conf / "site" / "shop.conf").read_text()
        assert "\n#location /shop/ {" in site
        (conf / "site" / "shop.conf").write_text(re.sub(r"^#(?! )|^#(?=    )", "", site, flags=re.MULTILINE))
    if bare:
        with (conf / "site" / "shop.conf").open("a") as file:
            file.write(f"listen 127.0.0.1:{bare};\n")
    # Directories for large bodies; Debian's package has its own.
    temporary = [
        f"{kind}_temp_path {conf}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    ]
    with (conf / "site" / "log.conf").open("a") as file:
        file.write("\n".join(temporary))
    command = [server, "-p", str(conf), "-c", str(conf / "nginx.conf"), "-g", "daemon off;"]
    with (conf / "output").open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        # nginx writes its number when it has all its ports. Before, somebody else might listen there.
        started = conf / "pid"
        assert eventually(lambda: (started.exists() and _listens(port)) or process.poll() is not None)
        assert process.poll() is None, (conf / "output").read_text()
        yield Front(port, plain, conf / "shop.log", certificate, process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _certify(certificate: Path, key: Path) -> None:
    command = [require_program("openssl"), "req", "-x509", "-nodes", "-days", "2"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    names = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    subprocess.run(
        [*command, *names, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
