"""Periodic tasks: a failed run does not end them, a fork starts them again, `stop` waits for the thread."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from flask import Flask, current_app
from sqlalchemy.exc import OperationalError

from storefront import periodic
from storefront.periodic import PeriodicTask
from tests.processes import ROOT, eventually

NEVER = 3600.0  # seconds


@pytest.fixture
def app() -> Iterator[Flask]:
    """An application that is served, with no more than periodic tasks."""
    app = Flask("worker")
    periodic.init_app(app)
    yield app
    periodic.stop_tasks(app)


def threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def test_a_failed_run_is_logged_and_followed_by_another(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    errors = [KeyError("a mistake of ours"), OperationalError("SELECT 1", {}, OSError("away"))]
    done: list[int] = []

    def work() -> None:
        done.append(1)
        if len(done) <= len(errors):
            raise errors[len(done) - 1]

    periodic.add_task(app, "work", work, interval=0.01)
    periodic.start_tasks(app, "work")
    assert eventually(lambda: len(done) > len(errors))
    assert "work: failed, tried again later" in caplog.text
    assert "work: the database cannot be used, tried again later" in caplog.text


def test_the_first_request_starts_all_tasks_once(app: Flask) -> None:
    contexts: list[Flask] = []
    work = lambda: contexts.append(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: E731
    periodic.add_task(app, "first", work, interval=NEVER, run_at_start=True)
    periodic.add_task(app, "one-shot", work, interval=NEVER, run_at_start=True, idle_runs=1)
    assert (threads("first"), threads("one-shot")) == (0, 0)
    for _ in range(3):
        app.test_client().get("/")
    assert eventually(lambda: len(contexts) == 2 and threads("one-shot") == 0)
    app.test_client().get("/")
    assert threads("first") == 1
    assert contexts == [app, app]


def test_a_request_of_a_task_that_is_being_stopped_starts_none(app: Flask) -> None:
    entered = threading.Event()

    def render() -> None:
        entered.set()
        assert eventually(lambda: threads("stopped-first") == 0)
        app.test_client().get("/")

    periodic.add_task(app, "stopped-first", lambda: None, interval=NEVER)
    periodic.add_task(app, "renders", render, interval=NEVER, run_at_start=True)
    app.test_client().get("/")
    assert entered.wait(60)
    periodic.stop_tasks(app)
    assert (threads("stopped-first"), threads("renders")) == (0, 0)
    app.test_client().get("/")
    assert threads("stopped-first") == 1, "a later request starts them again"


def test_wake_runs_the_work_before_its_time() -> None:
    runs: list[int] = []
    task = PeriodicTask("woken", lambda: runs.append(1), NEVER)
    task.start()
    for expected in (1, 2):
        task.wake()
        assert eventually(lambda expected=expected: len(runs) == expected)
    task.stop()
    assert len(runs) == 2


def test_more_to_do_is_done_without_a_pause() -> None:
    left = [3]

    def work() -> bool:
        left[0] -= 1
        return left[0] > 0

    task = PeriodicTask("busy", work, NEVER, run_at_start=True)
    task.start()
    assert eventually(lambda: left[0] == 0)
    task.stop()
    assert left == [0]


def test_the_pause_may_be_computed_after_each_run() -> None:
    pauses = iter([0.0, 0.0, 0.0])
    runs: list[int] = []
    task = PeriodicTask("computed", lambda: runs.append(1), lambda: next(pauses, NEVER))
    task.start()
    assert eventually(lambda: len(runs) == 3)
    task.stop()
    assert len(runs) == 3


def test_stop_waits_for_the_run_that_goes_on() -> None:
    entered, released = threading.Event(), threading.Event()
    done: list[str] = []

    def work() -> None:
        entered.set()
        released.wait(10)
        done.append("run")

    task = PeriodicTask("slow", work, NEVER, run_at_start=True)
    task.start()
    assert entered.wait(10)
    threading.Timer(0.05, released.set).start()
    task.stop()
    assert done == ["run"]
    assert (task.is_running, threads("slow")) == (False, 0)
    task.start()
    assert eventually(lambda: done == ["run", "run"])
    task.stop()


def test_an_idle_task_ends_and_starts_again() -> None:
    runs: list[int] = []
    task = PeriodicTask("idle", lambda: runs.append(1), 0.001, idle_runs=3)
    for _ in range(2):
        runs.clear()
        task.start()
        assert eventually(lambda: not task.is_running)
        assert len(runs) == 3
    assert eventually(lambda: threads("idle") == 0)


def test_work_that_arrives_as_the_thread_ends_is_done() -> None:
    waiting, done = [0], [0]

    def work() -> None:
        done[0], waiting[0] = done[0] + waiting[0], 0
        if done[0] == 1:  # after the look, before the end: the race that a caller cannot avoid
            waiting[0] = 1
            task.start()

    task = PeriodicTask("late", work, 0.0, idle_runs=1)
    waiting[0] = 1
    task.start()
    assert eventually(lambda: not task.is_running)
    assert done == [2]


def test_a_forked_child_has_threads_of_its_own() -> None:
    inside, hold = threading.Event(), threading.Event()

    def work() -> None:
        inside.set()
        hold.wait(10)

    task = PeriodicTask("forked", work, NEVER, run_at_start=True)
    task.start()
    assert inside.wait(10)
    with task._lock:  # as another thread of the parent may hold it at that moment
        child = os.fork()
    if child == 0:
        inside.clear()
        hold.set()
        before = task.is_running
        task.start()
        os._exit(0 if not before and inside.wait(10) and threads("forked") == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert task.is_running
    hold.set()
    task.stop()


def test_a_start_during_a_stop_runs_the_task_again() -> None:
    ends = threading.Event()
    task = PeriodicTask("slow", ends.wait, interval=0.0)
    task.start()
    stopping = threading.Thread(target=task.stop)
    stopping.start()
    starting = threading.Thread(target=task.start)
    starting.start()
    ends.set()
    stopping.join()
    starting.join()
    task.start()
    assert task.is_running
    task.stop()
    assert not task.is_running


IN_EVENT_LOOP = """
from gevent import monkey
monkey.patch_all()
import gevent
from gevent.event import Event
from storefront.periodic import PeriodicTask

started, done = Event(), Event()
task = PeriodicTask("probe", done.set, 0.0, idle_runs=1)

def start():
    task.start()
    started.set()

gevent.get_hub().loop.run_callback(start)
assert done.wait(20)
assert started.is_set()
"""


def test_a_task_can_be_started_in_the_event_loop() -> None:
    """Nothing may wait there, and the start of a thread does. The fast path starts tasks there."""
    subprocess.run([sys.executable, "-c", IN_EVENT_LOOP], cwd=ROOT, check=True, timeout=60)
