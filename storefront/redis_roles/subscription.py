"""Hearing what is published, for as long as the process lives, and knowing when something may have been missed."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from flask import current_app
from redis.exceptions import ConnectionError as Broken

from storefront.redis_roles.clients import PubSubConnection
from storefront.redis_roles.errors import REDIS_ERRORS
from storefront.redis_roles.roles import Role, role_clients

PING_INTERVAL = 0.5  # seconds
MAX_SILENCE = 1.5  # seconds without proof that all was heard: no more trust, and a new connection
BACKOFF = (0.25, 5.0)  # seconds between attempts: the first pause and the longest
MASTER_CHECK_INTERVAL = 0.25  # seconds, meanwhile: whether another server has become the master
JITTER = 0.25  # more or less of that, so that the processes do not come together

_log = logging.getLogger(__name__)


def do_nothing() -> None:
    """Do nothing."""


class Subscription:
    """A thread that listens to some channels of a role, on a connection of its own, and reconnects for ever.

    `on_subscribed` and `on_lost` take turns, and `on_message` is only called between the two; all are called in the
    listening thread, so they have to be quick. One that raises costs the connection: what it did not take in
    counts as missed.

    Made in an application context; started after the fork, in the process that wants to hear.

    Args:
        role: whose Redis.
        channels: the channels' names.
        on_message: takes the channel's name and the message.
        on_subscribed: called whenever the server has confirmed a (new) subscription, before it is trusted. What was
            published before that may have been missed.
        on_lost: called when the subscription is no longer trusted, once until the next `on_subscribed`.
        longest_pause: seconds between attempts to connect, at most.
    """

    def __init__(
        self,
        role: Role,
        channels: Sequence[str],
        *,
        on_message: Callable[[str, bytes], None],
        on_subscribed: Callable[[], None] = do_nothing,
        on_lost: Callable[[], None] = do_nothing,
        longest_pause: float = BACKOFF[1],
    ) -> None:
        self.role = role
        self.channels = tuple(channels)
        self._roles = role_clients.get(current_app)
        self._on_message = on_message
        self._on_subscribed = on_subscribed
        self._on_lost = on_lost
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._stop = threading.Event()
        self._subscribed = False
        self._complete_until = 0.0  # all that was published before this moment has been heard
        self._pause, self._longest_pause = BACKOFF[0], longest_pause
        self._is_failure_logged = False

    @property
    def is_trusted(self) -> bool:
        """Whether all that was published until less than 1.5 s ago has been heard, by this process."""
        fresh = time.monotonic() - self._complete_until < MAX_SILENCE
        return self._subscribed and fresh and self._pid == os.getpid()

    def start(self) -> None:
        """Listen from now on, in this process; does nothing if it does so already."""
        if self._pid == os.getpid() and self._thread and self._thread.is_alive():
            return
        self._pid = os.getpid()
        self._stop = threading.Event()
        self._subscribed = False
        name = f"redis-{self.role}-subscription"
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; returns when the connection is closed. `on_lost` is not called."""
        self._stop.set()
        if self._thread and self._pid == os.getpid() and self._thread is not threading.current_thread():
            self._thread.join()
        self._subscribed = False

    def _run(self, stop: threading.Event) -> None:
        self._pause, self._is_failure_logged = BACKOFF[0], False
        while not stop.is_set():
            connection: PubSubConnection | None = None
            try:
                connection = self._roles.create_pubsub_connection(self.role)
                connection.connect()
                self._listen(connection, stop)
            except Exception as error:  # noqa: BLE001  # whatever it was: who stops listening stays stale for ever
                self._log_failure(error)
                self._report_loss()
            finally:
                if connection:
                    connection.disconnect()
            self._wait_before_retry(stop, connection)
            self._pause = min(2 * self._pause, self._longest_pause)

    def _wait_before_retry(self, stop: threading.Event, tried: PubSubConnection | None) -> None:
        """Wait for the next attempt, at most until sentinels name another master than the one that was tried."""
        pause = self._pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # spreads the processes
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0 and not stop.wait(min(left, MASTER_CHECK_INTERVAL)):
            with suppress(*REDIS_ERRORS):
                if tried and self._roles.has_new_master(self.role, tried):
                    return

    def _listen(self, connection: PubSubConnection, stop: threading.Event) -> None:
        asked = time.monotonic()
        connection.send_command("SUBSCRIBE", *self.channels)
        for _ in self.channels:
            connection.read_response()
        self._on_subscribed()
        self._complete_until, self._subscribed = asked, True
        if self._is_failure_logged:
            _log.warning("Redis for %s is heard again.", self.role)
            self._is_failure_logged = False
        next_ping = asked
        while not stop.is_set():
            now = time.monotonic()
            if now >= next_ping:
                if self._roles.has_new_master(self.role, connection):
                    raise Broken("Another server has become its master.")
                # It carries the time: a late answer proves nothing about what was published since.
                connection.send_command("PING", repr(now), check_health=False)
                next_ping = now + PING_INTERVAL
            if connection.can_read(timeout=max(0.0, next_ping - time.monotonic())):
                self._handle(connection.read_response())
            elif now - self._complete_until > MAX_SILENCE:
                raise Broken(f"It has been silent for {MAX_SILENCE} s.")

    def _handle(self, response: list[bytes]) -> None:
        match response:
            case [b"message", channel, data]:
                self._on_message(channel.decode(), data)
            case [b"pong", sent]:
                self._complete_until = float(sent)
                self._pause = BACKOFF[0]
            case _:
                raise Broken(f"It says {response!r}.")

    def _report_loss(self) -> None:
        if not self._subscribed:
            return
        self._subscribed = False
        try:
            self._on_lost()
        except Exception:  # noqa: BLE001  # as above
            _log.exception("What was to be done when Redis for %s is not heard failed.", self.role)

    def _log_failure(self, error: Exception) -> None:
        if not isinstance(error, REDIS_ERRORS):
            _log.error(
                "What was to be done with a message of Redis for %s failed.", self.role, exc_info=error
            )
        elif not self._is_failure_logged:
            _log.warning("Redis for %s is not heard: %s", self.role, error)
        self._is_failure_logged = True
