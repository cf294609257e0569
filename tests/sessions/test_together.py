"""Parallel requests of one session: no write is lost, and a request that only reads overwrites nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask, flash, get_flashed_messages, session
from flask.testing import FlaskClient

from tests.processes import ROOT
from tests.redis_roles.servers import Server
from tests.sessions.conftest import get, in_a_thread, meanwhile, same_visitor, sid_of

MANY = 20

PROCESS = """
import sys
from pathlib import Path
from storefront.redis_roles import clients
from tests.sessions.conftest import get, make_shop, meanwhile, client_with_id
clients.TIMEOUT = 2.0
folder, redis, own, sid, number = sys.argv[1:]
app = make_shop(Path(folder), redis, own)
def wait():
    print("has read", flush=True)
    sys.stdin.readline()
meanwhile(app, wait)
client = client_with_id(app, sid)
assert client.get(f"/slow/set/field-{number}/{number}").status_code == 200
assert client.get(f"/slow/append/list/{number}").status_code == 200
"""


def _all_at_once(shop: Flask, returning: FlaskClient, path: str) -> None:
    """Request a path in parallel, so that all requests have read before any of them writes."""
    barrier = threading.Barrier(MANY)
    meanwhile(shop, lambda: (barrier.wait(30), None)[1])
    clients = [same_visitor(returning) for _ in range(MANY)]
    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(lambda n: clients[n].get(path.format(n)).status_code, range(MANY)))
    assert answers == [200] * MANY


def test_parallel_writes_to_different_fields_are_all_kept(shop: Flask, returning: FlaskClient) -> None:
    _all_at_once(shop, returning, "/slow/set/field-{0}/{0}")
    assert get(returning, "/read") == {"a": "1", **{f"field-{n}": str(n) for n in range(MANY)}}


def test_parallel_appends_to_one_list_are_all_kept(shop: Flask, returning: FlaskClient) -> None:
    _all_at_once(shop, returning, "/slow/append/list/{0}")
    assert sorted(get(returning, "/read")["list"], key=int) == [str(n) for n in range(MANY)]


def test_parallel_writes_of_one_value_keep_one_of_them(shop: Flask, returning: FlaskClient) -> None:
    _all_at_once(shop, returning, "/slow/set/a/{0}")
    assert get(returning, "/read")["a"] in {str(n) for n in range(MANY)}


def test_writes_of_parallel_processes_are_all_kept(
    shop: Flask, returning: FlaskClient, own_redis: Server, redis_url: str, tmp_path: Path
) -> None:
    folders = [tmp_path / f"process-{n}" for n in range(4)]
    processes = []
    for number, folder in enumerate(folders):
        folder.mkdir()
        about = [str(folder), redis_url, own_redis.url, sid_of(returning) or "", str(number)]
        command = [sys.executable, "-c", PROCESS, *about]
        pipe = subprocess.PIPE
        processes.append(subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True))
    for _ in range(2):  # first a field for each process, then one list for all
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "has read\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    kept = get(returning, "/read")
    assert sorted(kept.pop("list")) == ["0", "1", "2", "3"]
    assert kept == {"a": "1", **{f"field-{n}": str(n) for n in range(4)}}


@pytest.mark.parametrize("path", ["/slow", "/slow/set/b/2"])
def test_a_slow_request_overwrites_nothing(shop: Flask, returning: FlaskClient, path: str) -> None:
    other = same_visitor(returning)
    meanwhile(shop, lambda: in_a_thread(lambda: [other.get(f"/set/{key}/new") for key in ("a", "c")]))
    assert returning.get(path).status_code == 200
    kept = get(returning, "/read")
    assert kept.pop("b", "2") == "2"
    assert kept == {"a": "new", "c": "new"}


def test_a_parallel_deletion_and_addition_both_happen(shop: Flask, returning: FlaskClient) -> None:
    other = same_visitor(returning)
    meanwhile(shop, lambda: in_a_thread(lambda: other.get("/drop/a")))
    returning.get("/slow/set/b/2")
    assert get(returning, "/read") == {"b": "2"}


def test_a_message_flashed_while_others_are_shown_is_kept(shop: Flask, visitor: FlaskClient) -> None:
    def say(text: str) -> str:
        flash(text)
        return "ok"

    def show() -> list[str]:
        shown = get_flashed_messages()
        shop.extensions["meanwhile"]()
        return shown  # type: ignore[return-value]

    shop.add_url_rule("/say/<text>", "say", say)
    shop.add_url_rule("/show", "show_messages", show)
    visitor.get("/say/first")
    other = same_visitor(visitor)
    meanwhile(shop, lambda: in_a_thread(lambda: other.get("/say/second")))
    assert get(visitor, "/show") == ["first"]
    meanwhile(shop, lambda: None)
    assert get(visitor, "/show") == ["second"]
    assert get(visitor, "/show") == []


def test_parallel_keys_of_one_dictionary_are_all_kept(shop: Flask, visitor: FlaskClient) -> None:
    def seen(slug: str) -> str:
        session.setdefault("seen", {})
        shop.extensions["meanwhile"]()
        session["seen"][slug] = 1
        return "ok"

    shop.add_url_rule("/seen/<slug>", "seen", seen)
    visitor.get("/set/a/1")
    _all_at_once(shop, visitor, "/seen/{0}")
    assert get(visitor, "/read")["seen"] == {str(n): 1 for n in range(MANY)}
