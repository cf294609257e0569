"""Real processes for tests: shops as `make run` serves them, each with its own directory."""

from __future__ import annotations

import csv
import os
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from storefront.app import create_app
from storefront.extensions import db

ROOT = Path(__file__).parent.parent


@dataclass
class Shop:
    """A shop that processes serve."""

    url: str
    instance: Path
    process: subprocess.Popen[bytes]
    environ: dict[str, str]
    command: Sequence[str] = ()

    def restart(self) -> None:
        """Stop it like systemd, and start it again on the same port."""
        self.process.terminate()
        self.process.wait(timeout=30)
        log = self.instance.parent / f"{self.instance.name}.log"
        self.process = _start(self.command, self.environ, log)
        _await(self, log)

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
    # A minute of work for the demo's pictures in each shop, of which no test needs more than its own.
    wanted |= {"STOREFRONT_PICTURES_IN_BACKGROUND": "off"}
    wanted |= {"STOREFRONT_INSTANCE_DIR": str(instance), "PORT": port, **with_terms(environ)}
    words = [word.replace("{port}", port) for word in command or ("make", "--no-print-directory", "run")]
    log = instance.parent / f"{instance.name}.log"
    process = _start(words, wanted, log)
    shop = Shop(f"http://127.0.0.1:{port}", instance, process, wanted, words)
    try:
        _await(shop, log)
        yield shop
    finally:
        if shop.process.poll() is None:
            shop.interrupt()


def with_terms(environ: dict[str, str]) -> dict[str, str]:
    """Return the settings with terms of sale if they are for production, where the shop invents none."""
    own = environ.get("STOREFRONT_ENV") != "production"
    return environ if own else {"STOREFRONT_CHECKOUT_FILE": str(ROOT / "tests" / "checkout.toml"), **environ}


def gunicorn(workers: int) -> tuple[str, ...]:
    """Return the command that serves the shop as it is deployed, for `served`."""
    program = str(ROOT / ".venv" / "bin" / "gunicorn")
    options = ("--config", "deploy/gunicorn.conf.py", "--workers", str(workers), "--bind", "127.0.0.1:{port}")
    return program, *options, "wsgi:app"


def filled(instance: Path, products: int, **environ: str) -> dict[str, str]:
    """Migrate the database of a shop that is not served yet, and generate products.

    The answer maps the address of each to the SKU of its first variant.
    """
    instance.mkdir(parents=True, exist_ok=True)
    app = create_app({"PATH": os.environ["PATH"], **with_terms(environ)}, instance=instance)
    for command in (
        ("setup", "--no-demo"),
        ("demo", "--products", str(products), "--seed", "1", "--no-pictures"),
        ("catalog", "export", str(instance / "products.csv")),
    ):
        ran = app.test_cli_runner().invoke(args=command)
        assert ran.exit_code == 0, ran.output
    with app.app_context():
        db.engine.dispose()
    with (instance / "products.csv").open(newline="") as file:
        rows = {f"/products/{row['URL handle']}": row["SKU"] for row in reversed(list(csv.DictReader(file)))}
    return dict(reversed(rows.items()))


def free_port() -> int:
    """Return a port that was free a moment ago.

    It is below those that the system gives to connections: one of them could take it before the server starts.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def eventually(condition: Callable[[], object], *, seconds: float = 60) -> bool:
    """Return whether the condition became true before the deadline; it is checked 20 times a second.

    The deadline is far beyond what a busy machine takes: only a condition that never comes true waits for it.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


def _start(command: Sequence[str], environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def answers(shop: Shop) -> bool:
    """Return whether a worker of the shop answers."""
    try:
        with urllib.request.urlopen(f"{shop.url}/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _await(shop: Shop, log: Path) -> None:
    def starts() -> bool:
        if shop.process.poll() is not None:
            raise AssertionError(f"the shop ended while starting:\n{log.read_text()}")
        return answers(shop)

    assert eventually(starts, seconds=180), log.read_text()
