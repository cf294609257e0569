"""Part 3 of docs/lesson.md: sessions."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from tests.lesson import figures, naive_cookies, naive_sessions
from tests.lesson.conftest import MakeWorker
from tests.lesson.gaps import worst_gap


class ProcessMemory(dict[str, str]):
    """A store of sessions in the memory of one process."""

    set = dict.__setitem__


def test_another_process_does_not_know_the_session(make_worker: MakeWorker) -> None:
    def lose(first: Flask, second: Flask) -> int:
        visitor = first.test_client()
        visitor.post("/basket/tea")
        return int(copy_cookies(visitor, second).get("/").json != {"basket": ["tea"]})

    naive = lose(naive_sessions.create_app(ProcessMemory()), naive_sessions.create_app(ProcessMemory()))
    figures.check("3.1", naive, lose(make_worker(), make_worker()))


def test_a_copied_cookie_works_after_signing_out(worker: Flask) -> None:
    def steal(app: Flask) -> int:
        visitor = app.test_client()
        visitor.post("/sign-in/alice")
        thief = copy_cookies(visitor, app)
        assert thief.get("/").json == {"name": "alice"}
        visitor.post("/sign-out")
        assert visitor.get("/").json == {}
        return int(thief.get("/").json == {"name": "alice"})

    figures.check("3.2", steal(naive_cookies.create_app()), steal(worker))


def test_a_planted_session_id_sees_the_account(redis: Redis, worker: Flask) -> None:
    def plant(app: Flask) -> int:
        thief = app.test_client()
        thief.post("/basket/tea")
        victim = copy_cookies(thief, app)
        victim.post("/sign-in/alice")
        assert victim.get("/").json["name"] == "alice"
        return int("name" in thief.get("/").json)

    figures.check("3.3", plant(naive_sessions.create_app(redis)), plant(worker))


def test_a_parallel_request_overwrites_the_session(redis: Redis, worker: Flask) -> None:
    def lose(app: Flask) -> int:
        visitor = app.test_client()

        def begin() -> None:
            nonlocal visitor
            visitor = app.test_client()  # with a new session
            visitor.post("/basket/tea")

        def count_lost() -> int:
            return len({"tea", "milk", "sugar"} - set(visitor.get("/").json["basket"]))

        return worst_gap(
            prepare=begin,
            request=lambda: visitor.post("/basket/milk"),
            happen=lambda: copy_cookies(visitor, app).post("/basket/sugar"),
            measure=count_lost,
        )

    figures.check("3.4", lose(naive_sessions.create_app(redis)), lose(worker))


def copy_cookies(visitor: FlaskClient, app: Flask) -> FlaskClient:
    """Return another client of this process, with the same cookies."""
    other = app.test_client()
    for cookie in visitor._cookies.values():
        other.set_cookie(cookie.key, cookie.value)
    return other
