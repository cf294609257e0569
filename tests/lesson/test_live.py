"""Part 4 of docs/lesson.md: the live stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from sqlite3 import Connection
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from redis.client import PubSub

from tests.lesson import figures, naive_live, our_app
from tests.lesson.conftest import Connect, MakeWorker, deliver_later
from tests.lesson.gaps import worst_death, worst_gap

MATCH, OTHER_MATCH = 1, 2
MOST_FRAMES = 50  # of a stream: a page that is not sent what it waits for fails, and does not wait forever


@pytest.fixture
def page(redis: Redis) -> Iterator[naive_live.Page]:
    """An open page of the naive version."""
    one = naive_live.Page(redis, MATCH)
    with closing(one.subscription):
        yield one


def test_a_message_comes_before_the_commit(
    redis: Redis, connect: Connect, worker: Flask, page: naive_live.Page
) -> None:
    mine, other = connect(), connect()
    naive = worst_death(
        prepare=lambda: goals_on(redis, page),
        request=lambda: naive_live.score_early(redis, mine, MATCH),
        measure=lambda: int((goals_on(redis, page) or 0) > goals_of(other)),
    )
    with our_messages(redis, worker) as read:
        ours = worst_death(
            prepare=read,
            request=lambda: our_score(worker),
            measure=lambda: int((read() or 0) > goals_of(other)),
        )
    figures.check("4.1", naive, ours)


def test_the_process_dies_between_commit_and_publish(
    redis: Redis, connect: Connect, make_worker: MakeWorker, page: naive_live.Page
) -> None:
    mine, other, writer, helper = connect(), connect(), make_worker(), make_worker()
    naive = worst_death(
        prepare=lambda: goals_on(redis, page),
        request=lambda: naive_live.score(redis, mine, MATCH),
        measure=lambda: int(goals_on(redis, page) != goals_of(other)),
    )
    with our_messages(redis, writer) as read:

        def look_later() -> int:
            deliver_later(helper, other)
            return int(read() != goals_of(other))

        ours = worst_death(prepare=read, request=lambda: our_score(writer), measure=look_later)
    figures.check("4.2", naive, ours)


def test_messages_arrive_in_another_order(
    redis: Redis, connect: Connect, make_worker: MakeWorker, page: naive_live.Page
) -> None:
    mine, other, first, second = connect(), connect(), make_worker(), make_worker()
    naive = worst_gap(
        prepare=lambda: goals_on(redis, page),
        request=lambda: naive_live.score(redis, mine, MATCH),
        happen=lambda: naive_live.score(redis, other, MATCH),
        measure=lambda: int(goals_on(redis, page) != goals_of(other)),
    )
    with our_page(first) as read:
        ours = worst_gap(
            prepare=lambda: None,
            request=lambda: our_score(first),
            happen=lambda: our_score(second),
            measure=lambda: int(read() != goals_of(other)),
        )
    figures.check("4.3", naive, ours)


def test_a_page_opens_after_the_message(redis: Redis, connect: Connect, worker: Flask) -> None:
    mine, other = connect(), connect()
    naive_live.score(redis, mine, MATCH)
    late = naive_live.Page(redis, MATCH)
    with closing(late.subscription):
        naive = int(goals_on(redis, late) != goals_of(other))
    our_score(worker)
    with our_page(worker) as read:
        figures.check("4.4", naive, int(read() != goals_of(other)))


def our_score(app: Flask, match: int = MATCH) -> None:
    with app.app_context():
        our_app.score(match)


def goals_of(database: Connection) -> int:
    """Return the goals that the database has."""
    return int(database.execute("SELECT goals FROM score WHERE match = ?", (MATCH,)).fetchone()[0])


def take_messages(redis: Redis, subscription: PubSub) -> Iterator[dict[str, Any]]:
    """Yield all messages that were published before this moment; a last one marks the end."""
    (channel,) = subscription.channels
    redis.publish(channel, "end")
    while (message := subscription.get_message(timeout=30))["data"] != "end":
        yield message


def goals_on(redis: Redis, page: naive_live.Page) -> int | None:
    """Return the goals that a page of the naive version shows, after all messages."""
    for message in take_messages(redis, page.subscription):
        page.show(message)
    return page.goals


@contextmanager
def our_messages(redis: Redis, app: Flask) -> Iterator[Callable[[], int | None]]:
    """Yield a function that returns the goals of the last message that our processes have published."""
    with redis.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(app.config["CACHE_PREFIX"] + ":scores")
        subscription.get_message(timeout=5)  # the confirmation
        goals: int | None = None

        def read() -> int | None:
            nonlocal goals
            for message in take_messages(redis, subscription):
                goals = json.loads(message["data"])["goals"]
            return goals

        yield read


@contextmanager
def our_page(app: Flask) -> Iterator[Callable[[], int]]:
    """Open a page with both matches; yield a function that returns the goals of the first that it shows.

    The function scores in the second match and reads until the page shows that: every earlier message has come.
    """
    response = app.test_client().get(f"/scores/{MATCH},{OTHER_MATCH}", buffered=False)
    frames = islice(response.iter_encoded(), MOST_FRAMES)
    shown = {MATCH: -1, OTHER_MATCH: -1}

    def show(text: str) -> None:
        for line in text.splitlines():
            if line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                for item in data.get("items", [data] if "goals" in data else []):
                    shown[item["topic"]] = item["goals"]

    text = next(frames).decode()
    show(text)
    while '"live":true' not in text:  # now each message arrives
        text = next(frames).decode()
        show(text)

    def read() -> int:
        before = shown[OTHER_MATCH]
        our_score(app, OTHER_MATCH)
        while shown[OTHER_MATCH] == before:
            show(next(frames).decode())
        return shown[MATCH]

    with closing(response):
        yield read
