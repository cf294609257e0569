"""Real processes for tests: the shop as `make run` serves it, each in a directory of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass
class Shop:
    """A shop that is being served."""

    url: str
    instance: Path
    process: subprocess.Popen[bytes]
    environ: dict[str, str]

    def flask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a flask command beside the serving processes."""
        command = [str(ROOT / ".venv" / "bin" / "flask"), *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environ | {"FLASK_APP": "wsgi"},
            check=False,
            capture_output=True,
            text=True,
        )

    def interrupt(self) -> int:
        """Press Ctrl-C: the terminal sends SIGINT to the whole foreground group. Return the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=30)


@contextmanager
def served(instance: Path, *command: str, **environ: str) -> Iterator[Shop]:
    """Serve a shop with this command (`make run` if none is given) on a free port until the block ends."""
    port = str(free_port())
    wanted = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    wanted |= {"STOREFRONT_INSTANCE_DIR": str(instance), "PORT": port, **environ}
    words = [word.replace("{port}", port) for word in command or ("make", "--no-print-directory", "run")]
    log = instance.parent / f"{instance.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=wanted,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        shop = Shop(f"http://127.0.0.1:{port}", instance, process, wanted)
        try:
            _await(shop, log)
            yield shop
        finally:
            if process.poll() is None:
                shop.interrupt()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], object], *, seconds: float = 20) -> bool:
    """Return whether the condition came true before the deadline; it is looked at often."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


def _await(shop: Shop, log: Path) -> None:
    def answers() -> bool:
        if shop.process.poll() is not None:
            raise AssertionError(f"the shop ended while starting:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{shop.url}/healthz", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    assert eventually(answers, seconds=180), log.read_text()
