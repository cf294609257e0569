"""Servers on which a test types the commands of the deployment guides.

A directory stands for a server's disk, an address of the loopback network for its own address, and `debian/` for what
Debian provides: packages, users, systemd. A shell runs the commands with all paths moved below the directory, and the
services that they start read the files that they wrote.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.deploy.systemctl import end, moved
from tests.postgresql import package
from tests.processes import ROOT
from tests.programs import require_program

_DEBIAN = Path(__file__).with_name("debian")
_NOTHING = ("apt-get", "useradd", "sysctl", "make")  # commands without an effect here
_FOLDERS = """
    root opt bin usr/local/bin run/postgresql var/lib/redis var/lib/postgresql var/log/nginx var/cache var/backups
    etc/redis etc/cron.d etc/sysctl.d etc/default etc/systemd/system etc/nginx etc/apt/apt.conf.d etc/prometheus
"""
_VERSION = "15"  # the name of the directory, as on Debian 12; not the version that runs
# As in Debian's package.
_POSTGRESQL = """data_directory = '{data}'
hba_file = '{etc}/pg_hba.conf'
unix_socket_directories = '{run}'
listen_addresses = '{address}'
include_dir = 'conf.d'
"""
_ACCESS = """local all all trust
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


def blocks(document: str, heading: str = "") -> list[tuple[list[str], str]]:
    """Return the commands below a heading of a guide: the names of the servers, and the lines to type there.

    A guide for several servers names them above each block of commands; else all are for the one called `server`.
    """
    text = (ROOT / "docs" / document).read_text()
    if heading:
        level = heading.partition(" ")[0]
        text = re.split(rf"\n#{{1,{len(level)}}} ", text[text.index(f"\n{heading}\n") + 1 :])[0]
    if "**On " in text:
        found = re.findall(r"\*\*On ([^*]+)\*\*\n\n```sh\n(.*?)```", text, re.S)
    else:
        found = [("server", lines) for lines in re.findall(r"```sh\n(.*?)```", text, re.S)]
    assert text.count("```sh") == len(found) > 0, "a block does not say on which server it is typed"
    return [(re.findall(r"one|two|witness|server", where), lines) for where, lines in found]


class Host:
    """A server with what Debian's packages provide."""

    def __init__(self, folder: Path, name: str, address: str, *, database: bool) -> None:
        self.name, self.address, self.root, self.database = name, address, folder / name, database
        for place in _FOLDERS.split():
            (self.root / place).mkdir(parents=True)
        self.path("/etc/address").write_text(address)
        for command in _NOTHING:
            (self.root / "bin" / command).symlink_to("/bin/true")
        utils = package().utils
        postgresql = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
        places = [
            _DEBIAN,
            self.root / "bin",
            self.root / "usr" / "local" / "bin",
            postgresql,
            os.environ["PATH"],
        ]
        self._environ = {
            "PATH": ":".join(map(str, places)),
            "DISK": str(self.root),
            "ADDRESS": address,
            "REPOSITORY": str(ROOT),
            "PYTHON": sys.executable,
        }
        if database:
            self._postgresql()

    def path(self, path: str) -> Path:
        """Return the path of a file of this server on the real disk."""
        return self.root / path.lstrip("/")

    def type(self, lines: str) -> str:
        """Run the lines and return their output. They must not fail."""
        done = self.run(lines)
        assert done.returncode == 0, f"on {self.name}:\n{lines}\n{done.stdout}\n{done.stderr}\n{self.logs()}"
        return done.stdout

    def run(self, lines: str) -> subprocess.CompletedProcess[str]:
        """Run the lines with a shell that stops at the first error."""
        # An ordinary user has a lower limit of open files than root, and must raise it.
        script = f"ulimit -n $(ulimit -Hn)\n{moved(lines, self.root)}"
        return subprocess.run(
            ["bash", "-eu", "-c", script],
            cwd=self.root,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def off(self) -> None:
        """Kill every process of the server, as a power cut does."""
        for file in (self.root / "run").glob("*.process"):
            end(int(file.read_text()), signal.SIGKILL)
            file.unlink()
        if self.database:
            self.run(f"runuser -u postgres -- pg_ctl stop -m immediate -D {self.data}")

    def logs(self) -> str:
        """Return the ends of the logs of its services."""
        files = [*(self.root / "run").glob("*.log"), *self.data.parent.glob("*.log")]
        return "\n".join(f"{file.name}: {file.read_text()[-1500:]}" for file in files)

    @property
    def data(self) -> Path:
        """The directory of PostgreSQL's data."""
        return self.root / "var" / "lib" / "postgresql" / _VERSION / "main"

    def _postgresql(self) -> None:
        etc = self.root / "etc" / "postgresql" / _VERSION / "main"
        (etc / "conf.d").mkdir(parents=True)
        run = self.root / "run" / "postgresql"
        (etc / "postgresql.conf").write_text(
            _POSTGRESQL.format(data=self.data, etc=etc, run=run, address=self.address)
        )
        (etc / "pg_hba.conf").write_text(_ACCESS)
        (etc / "conf.d" / "tests.conf").write_text("shared_buffers = 32MB\n")
        self.data.parent.mkdir()
        server = package().get_server(self.data, cleanup_mode="stop")
        server.cleanup()
        if os.geteuid() == 0:
            for place in (self.data.parent, self.data.parent.parent, run):
                shutil.chown(place, "pgserver")
        self.type("systemctl start postgresql")


@contextmanager
def hosts(*names: str, databases: str) -> Iterator[dict[str, Host]]:
    """Provide servers by these names; those in `databases` have a PostgreSQL."""
    for command in ("redis-server", "redis-sentinel", "nginx", "curl", "openssl", "rsync"):
        require_program(command)
    net = _network()
    # Not below pytest's own folder: PostgreSQL does not run as root, and its user could not read it.
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-hosts-")))
        folder.chmod(0o755)
        found: dict[str, Host] = {}
        for number, name in enumerate(names, start=1):
            found[name] = Host(folder, name, f"{net}.{number}", database=name in databases.split())
            stack.callback(found[name].off)
        yield found


def _network() -> str:
    """Return the first three parts of free loopback addresses, so that services can use their usual ports."""
    while True:
        net = f"127.{secrets.randbelow(250) + 2}.{secrets.randbelow(250) + 2}"
        with suppress(OSError), socket.socket() as one, socket.socket() as two:
            one.bind((f"{net}.1", 5432))
            two.bind((f"{net}.1", 6380))
            return net
