"""Replaces systemd on a test's server: starts and ends the services of its files. No process outlives `Host.off`.

python systemctl.py DIRECTORY ADDRESS restart nginx
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import yaml

# An absolute path that was not moved before.
_PATHS = re.compile(r"(?<![\w.}/])/(?=(?:etc|opt|root|run|usr/local|var)\b)")


def moved(text: str, root: Path) -> str:
    """Return the text with its paths moved below the directory that stands for the server's disk."""
    return _PATHS.sub(f"{root}/", text)


class Systemd:
    """The units of one server."""

    def __init__(self, root: Path, address: str) -> None:
        self.root, self.address = root, address

    def move(self) -> None:
        """Move the paths in files that were copied to this server."""
        for file in [*(self.root / "etc").rglob("*"), *(self.root / "usr").rglob("*")]:
            if file.is_file() and not file.is_symlink():
                with suppress(UnicodeDecodeError):
                    text = file.read_text()
                    changed = moved(text, self.root)
                    if {"nginx", "redis", "systemd"} & {*file.parts}:  # each server has a loopback of its own
                        changed = changed.replace("127.0.0.1", self.address)
                    if changed != text:
                        file.write_text(changed)

    def start(self, unit: str) -> None:
        """Start a unit and wait until it runs."""
        kind, _, what = unit.partition("@")
        getattr(self, f"_{kind.replace('-', '_')}")(what)

    def stop(self, unit: str) -> None:
        """End a unit, if it runs."""
        if unit == "postgresql":
            with suppress(subprocess.CalledProcessError):
                self._postgres("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self._data()))
            return
        file = self.root / "run" / f"{unit}.process"
        if file.exists():
            end(int(file.read_text()), signal.SIGTERM)
            file.unlink()

    def reload(self, unit: str) -> None:
        """Make a unit read its files again."""
        os.kill(int((self.root / "run" / f"{unit}.process").read_text()), signal.SIGHUP)

    def _run(self, unit: str, *command: str, **environ: str) -> None:
        with (self.root / "run" / f"{unit}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                env=os.environ | environ,
                cwd=self.root / "opt" / "storefront",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self.root / "run" / f"{unit}.process").write_text(str(process.pid))

    def _redis_server(self, role: str) -> None:
        self._run(f"redis-server@{role}", "redis-server", f"{self.root}/etc/redis/redis-{role}.conf")

    def _redis_sentinel(self, _: str) -> None:
        self._run("redis-sentinel", "redis-sentinel", f"{self.root}/etc/redis/sentinel.conf")

    def _nginx(self, _: str) -> None:
        site = self.root / "etc" / "nginx" / "site"
        for file in site.iterdir():  # free ports that need no root
            text = re.sub(r"listen (443|80)\b", rf"listen {self.address}:10\1", file.read_text())
            file.write_text(text if os.geteuid() == 0 else text.replace("user www-data;", ""))
        places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # Debian's package has them
        text = "".join(f"{place}_temp_path {self.root}/run/nginx-{place};\n" for place in places)
        (site / "types.conf").write_text(text)
        self._run("nginx", "nginx", "-c", f"{site.parent}/nginx.conf", "-g", "daemon off;")

    def _storefront(self, port: str) -> None:
        unit = (self.root / "etc/systemd/system/storefront@.service").read_text().replace("%i", port)
        pairs = shlex.split(" ".join(re.findall(r"^Environment=(.*)$", unit, re.M)))
        for file in re.findall(r"^EnvironmentFile=(.*)$", unit, re.M):
            pairs += shlex.split(Path(file).read_text())
        environ = dict(pair.split("=", 1) for pair in pairs)
        Path(environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(exist_ok=True)
        command = re.findall(r"^ExecStart=(.*)$", unit, re.M)[0].replace("${LISTEN}", environ["LISTEN"])
        self._run(f"storefront@{port}", *shlex.split(command), **environ)

    def _postgresql(self, _: str) -> None:
        drop_in = self.root / "etc/systemd/system/postgresql@.service.d/storefront.conf"
        if drop_in.exists():
            before = re.findall(r"^ExecStartPre=(.*)$", drop_in.read_text(), re.M)[0]
            subprocess.run(before.replace("%I", self._data().parent.name + "/main").split(), check=True)
        configuration = next((self.root / "etc/postgresql").glob("*/main/postgresql.conf"))
        options = ["-o", f"-c config_file={configuration}", "-l", f"{self._data()}.log"]
        self._postgres("pg_ctl", "start", "-w", "-D", str(self._data()), *options)

    def _prometheus(self, _: str) -> None:
        program = ["promtool", "check", "config", f"{self.root}/etc/prometheus/prometheus.yml"]
        subprocess.run(program, check=True, stdout=subprocess.DEVNULL)

    def _prometheus_alertmanager(self, _: str) -> None:
        settings = yaml.safe_load((self.root / "etc/prometheus/alertmanager.yml").read_text())
        assert settings["route"]["receiver"] in [receiver["name"] for receiver in settings["receivers"]]

    def _data(self) -> Path:
        return next((self.root / "var/lib/postgresql").glob("[0-9]*")) / "main"

    def _postgres(self, *command: str) -> None:
        subprocess.run(["runuser", "-u", "postgres", "--", *command], check=True, stdout=subprocess.DEVNULL)


def end(pid: int, number: int) -> None:
    """Send a signal to a process and to its group, and wait until it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(pid, number) if number == signal.SIGKILL else os.kill(pid, number)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.02)


def main() -> None:
    """Carry out the command of the arguments."""
    root, address, verb, *words = sys.argv[1:]
    systemd = Systemd(Path(root), address)
    systemd.move()
    units = [word for word in words if not word.startswith("--")]
    for unit in units:
        if verb in ("stop", "restart"):
            systemd.stop(unit)
        if verb in ("start", "restart") or (verb == "enable" and "--now" in words):
            systemd.start(unit)
        if verb == "reload":
            systemd.reload(unit)


if __name__ == "__main__":
    main()
