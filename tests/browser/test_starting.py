"""Starting and stopping: Ctrl-C ends every process, and the leftovers of killed processes block no start."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from tests.processes import ROOT, Shop, eventually, served

pytestmark = pytest.mark.slow

FLASK = str(ROOT / ".venv" / "bin" / "flask")
LINK = re.compile(r"http://127\.0\.0\.1:\d+/account/link/\S+")
RUN = (FLASK, "run", "--port", "{port}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with one product that is not served."""
    made = tmp_path_factory.mktemp("made") / "instance"
    environ = os.environ | {"STOREFRONT_INSTANCE_DIR": str(made), "FLASK_APP": "wsgi"}
    for command in (["setup", "--no-demo"], ["demo", "--products", "1", "--no-pictures"]):
        subprocess.run([FLASK, *command], cwd=ROOT, env=environ, check=True, capture_output=True)
    assert eventually(lambda: not running(made)), names(made)
    return made


@pytest.fixture
def instance(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A shop with one product. None of its processes may outlive a test."""
    instance = shutil.copytree(made, tmp_path / "instance", ignore=shutil.ignore_patterns("*.sock"))
    yield instance
    ended = eventually(lambda: not running(instance))
    left = names(instance)
    for process in running(instance):
        with suppress(psutil.Error):
            process.kill()
    assert ended, left


def running(instance: Path) -> list[psutil.Process]:
    """Return every process whose environment names this instance directory."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            mine = process.environ().get("STOREFRONT_INSTANCE_DIR") == str(instance)
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def commands(processes: Iterable[psutil.Process]) -> str:
    lines = []
    for process in processes:
        with suppress(psutil.Error):
            lines.append(" ".join(process.cmdline()))
    return "\n".join(lines)


def names(instance: Path) -> str:
    return commands(running(instance))


def written(instance: Path) -> set[Path]:
    """Return the files that are open for writing, except the log: for a file in the directory, the directory."""
    found = set()
    for process in running(instance):
        with suppress(psutil.Error):
            files = [Path(one.path) for one in process.open_files() if one.mode not in ("r", "")]
            found |= {instance if file.is_relative_to(instance) else file for file in files if file.exists()}
    return found - {instance.parent / f"{instance.name}.log"}


def front_page(shop: Shop) -> str:
    with urllib.request.urlopen(shop.url) as answer:
        return str(answer.read().decode())


def ask(
    shop: Shop, method: str, path: str, form: str | None = None, **headers: str
) -> tuple[int, Message, str]:
    """Send a request with exactly these headers; return status, headers and text of the answer."""
    connection = HTTPConnection(shop.url.removeprefix("http://"))
    try:
        about = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection.request(method, path, form, {**about, **headers})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def log(instance: Path) -> str:
    return (instance.parent / f"{instance.name}.log").read_text()


def master(shop: Shop) -> psutil.Process:
    """Return the gunicorn master: the parent of the workers."""
    ours = [p for p in running(shop.instance) if "gunicorn" in " ".join(p.cmdline())]
    (found,) = [p for p in ours if p.parent() not in ours]
    return found


@pytest.mark.parametrize(
    ("port", "sentence"), [("{taken}", "Address already in use"), ("tea", "PORT=tea is not a valid port")]
)
def test_make_run_checks_first_that_it_can_serve_there(instance: Path, port: str, sentence: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        wanted = port.format(taken=other.getsockname()[1])
        ran = subprocess.run(
            ["make", "--no-print-directory", "run", f"PORT={wanted}"],
            cwd=ROOT,
            env=os.environ | {"STOREFRONT_INSTANCE_DIR": str(instance)},
            check=False,
            capture_output=True,
            text=True,
        )
    assert ran.returncode != 0
    assert sentence in ran.stderr
    assert "make run PORT=8080" in ran.stderr
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    assert "gunicorn" not in ran.stderr


def test_ctrl_c_stops_everything_that_make_run_started(instance: Path) -> None:
    with served(instance) as shop:
        assert "1 product" in front_page(shop)
        assert "redis" in names(instance)
        assert len(master(shop).children()) >= 2
        assert written(instance) <= {instance}, "all that is kept is there"
        shop.interrupt()
        assert eventually(lambda: not running(instance)), names(instance)
    assert "Traceback" not in log(instance)


def test_strangers_get_nothing_and_the_printed_link_signs_in(instance: Path) -> None:
    with served(instance) as shop:
        printed = LINK.search(log(instance))
        assert printed, log(instance)
        assert "The shop had no staff: owner@shop.example is staff now" in log(instance)
        link, host = printed[0], shop.url.removeprefix("http://")
        assert link.startswith(shop.url)
        path = link.removeprefix(shop.url)
        stranger = [
            ask(shop, "GET", page, **headers)
            for page in ("/admin/system", "/admin/orders", "/admin/stock", "/metrics")
            # A tunnel, a proxy that says so, one that hides itself: all come from 127.0.0.1.
            for headers in ({"Host": host, "X-Forwarded-For": "203.0.113.5"}, {"Host": host})
        ]
        assert [status for status, _, _ in stranger] == [303] * 6 + [404] * 2, (
            "strangers are led to the sign-in"
        )
        foreign = ask(shop, "GET", "/", Host="rebound.example")
        assert foreign[0] == 400
        assert "TRUSTED_HOSTS" in foreign[2]
        assert "1 product" not in foreign[2]
        assert ask(shop, "POST", path, Host=host, **{"X-Forwarded-For": "203.0.113.5"})[0] == 403
        asked = ask(shop, "POST", "/account/reset", "email=owner@shop.example", Host=host)
        shown = ask(shop, "GET", str(asked[1]["Location"]), Host=host)
        assert shown[0] == 200
        assert "/account/reset/" not in shown[2]
        assert len(list((instance / "mail").iterdir())) == 1, "the letter is a file"
        _, headers, _ = ask(shop, "POST", path, Host=host)
        cookies = "; ".join(value.partition(";")[0] for value in headers.get_all("Set-Cookie", []))
        assert ask(shop, "GET", "/admin/system", Host=host, Cookie=cookies)[0] == 200
        again = shop.flask("user", "link", "owner@shop.example")
        assert shop.url in again.stdout, "the address at which the shop was started"


def test_a_terminated_master_ends_everything_it_started(instance: Path) -> None:
    with served(instance) as shop:
        master(shop).terminate()
        assert eventually(lambda: not running(instance)), names(instance)


def test_a_shop_starts_after_its_master_was_killed(instance: Path) -> None:
    with served(instance) as first:
        orphans = running(instance)
        os.kill(master(first).pid, signal.SIGKILL)
        # At once, while workers and Redis of the first shop may still run.
        with served(instance) as second:
            assert "1 product" in front_page(second)
            assert eventually(lambda: "gunicorn" not in commands(orphans)), commands(orphans)
            assert "1 product" in front_page(second)
            second.interrupt()
        assert eventually(lambda: not running(instance)), names(instance)


def test_the_port_of_a_killed_master_is_free_again(instance: Path) -> None:
    with served(instance) as first:
        port = int(first.environ["PORT"])
        os.kill(master(first).pid, signal.SIGKILL)
        assert eventually(lambda: not running(instance)), names(instance)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as every server does
        listener.bind(("127.0.0.1", port))
        listener.listen()


@pytest.mark.parametrize("options", [(), ("--debug",)], ids=["plain", "with the reloader"])
def test_flask_run_serves_the_same_and_ctrl_c_ends_it(instance: Path, options: tuple[str, ...]) -> None:
    with served(instance, *RUN, *options, FLASK_APP="wsgi") as shop:
        assert "1 product" in front_page(shop)
        assert "redis" in names(instance)
        shop.interrupt()
        assert eventually(lambda: not running(instance)), names(instance)
    assert len(LINK.findall(log(instance))) == 1
    assert "Traceback" not in log(instance)


def test_two_servers_of_one_shop_share_its_redis(instance: Path) -> None:
    with served(instance) as first, served(instance, *RUN, FLASK_APP="wsgi") as second:
        assert front_page(first) == front_page(second)
        assert names(instance).count("storefront.redis_roles.embedded.supervisor") == 1
        first.interrupt()
        assert eventually(lambda: "gunicorn" not in names(instance))
        assert "1 product" in front_page(second)
