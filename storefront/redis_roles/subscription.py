"""Subscriptions that last as long as the process, and that know when messages may have been missed."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from weakref import WeakSet

from flask import current_app
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from storefront.redis_roles.clients import PubSubConnection
from storefront.redis_roles.errors import REDIS_ERRORS
from storefront.redis_roles.roles import Role, role_clients

PING_INTERVAL = 0.5  # seconds
MAX_SILENCE = 1.5  # seconds without an answered PING: the subscription is not trusted, and reconnects
BACKOFF = (0.25, 5.0)  # seconds between attempts to connect: the first pause and the longest
MASTER_CHECK_INTERVAL = 0.25  # seconds between look-ups of the master while waiting
JITTER = 0.25  # of the pause, more or less, so that processes do not reconnect together

_log = logging.getLogger(__name__)


def do_nothing() -> None:
    """Do nothing."""


class Subscription:
    """A thread that receives messages from channels of a role, on its own connection, and always reconnects.

    `on_subscribed` and `on_lost` alternate, and `on_message` is only called between the two. All three are called in
    the receiving thread and must be quick. If one of them raises an exception, the connection is closed, and the
    message counts as missed.

    Create it in an application context; start it after the fork, in the process that receives.

    Args:
        role: the role.
        channels: the channels' names.
        on_message: called with the channel's name and the message.
        on_subscribed: called each time the server has confirmed the subscription, before it is trusted. Messages that
            were published before may have been missed.
        on_lost: called once when the subscription is no longer trusted.
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
        self._complete_until = 0.0  # monotonic time; all messages before it have been received
        self._pause, self._longest_pause = BACKOFF[0], longest_pause
        self._is_failure_logged = False
        _SUBSCRIPTIONS.add(self)

    @property
    def is_trusted(self) -> bool:
        """Whether this process has received all messages until less than 1.5 s ago."""
        return self._subscribed and time.monotonic() - self._complete_until < MAX_SILENCE

    @property
    def has_failed(self) -> bool:
        """Whether the server has been unavailable since this process last subscribed, or since it started."""
        return self._is_failure_logged

    def start(self) -> None:
        """Start the thread in this process; does nothing if it runs."""
        if self._pid == os.getpid() and self._thread and self._thread.is_alive():
            return
        self._pid = os.getpid()
        self._stop = threading.Event()
        self._subscribed = False
        name = f"redis-{self.role}-subscription"
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread; returns when the connection is closed. `on_lost` is not called."""
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
            except Exception as error:  # noqa: BLE001  # a thread that ended would leave the process stale for ever
                self._log_failure(error)
                self._report_loss()
            finally:
                if connection:
                    connection.disconnect()
            self._wait_before_retry(stop, connection)
            self._pause = min(2 * self._pause, self._longest_pause)

    def _wait_before_retry(self, stop: threading.Event, failed: PubSubConnection | None) -> None:
        """Wait before the next attempt, or until sentinels name another master than the one that was tried."""
        pause = self._pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # spreads the processes
        deadline = time.monotonic() + pause
        while (left := deadline - time.monotonic()) > 0 and not stop.wait(min(left, MASTER_CHECK_INTERVAL)):
            with suppress(*REDIS_ERRORS):
                if failed and self._roles.has_new_master(self.role, failed):
                    return

    def _listen(self, connection: PubSubConnection, stop: threading.Event) -> None:
        began = time.monotonic()
        connection.send_command("SUBSCRIBE", *self.channels)
        for _ in self.channels:
            connection.read_response()
        self._on_subscribed()
        self._complete_until, self._subscribed = began, True
        if self._is_failure_logged:
            _log.warning("The subscription to Redis for %s is restored.", self.role)
            self._is_failure_logged = False
        next_ping = began
        while not stop.is_set():
            now = time.monotonic()
            if now >= next_ping:
                if self._roles.has_new_master(self.role, connection):
                    raise RedisConnectionError("Another server has become its master.")
                # It carries the time of sending: a late answer proves nothing about messages published since.
                connection.send_command("PING", repr(now), check_health=False)
                next_ping = now + PING_INTERVAL
            # Read at once: to ask first whether there is something to read doubles the cost of a message.
            try:
                response = connection.read_response(
                    timeout=max(0.0, next_ping - time.monotonic()), disconnect_on_error=False
                )
            except RedisTimeoutError:
                if now - self._complete_until > MAX_SILENCE:
                    raise RedisConnectionError(f"It has been silent for {MAX_SILENCE} s.") from None
            else:
                self._handle(response)

    def _handle(self, response: list[bytes]) -> None:
        match response:
            case [b"message", channel, data]:
                self._on_message(channel.decode(), data)
            case [b"pong", sent]:
                self._complete_until = float(sent)
                self._pause = BACKOFF[0]
            case _:
                raise RedisConnectionError(f"It says {response!r}.")

    def _report_loss(self) -> None:
        if not self._subscribed:
            return
        self._subscribed = False
        try:
            self._on_lost()
        except Exception:  # noqa: BLE001  # as in _run
            _log.exception("The on_lost callback for Redis for %s failed.", self.role)

    def _log_failure(self, error: Exception) -> None:
        if not isinstance(error, REDIS_ERRORS):
            _log.error("A subscription callback for Redis for %s failed.", self.role, exc_info=error)
        elif not self._is_failure_logged:
            _log.warning("The subscription to Redis for %s is lost: %s", self.role, error)
        self._is_failure_logged = True


_SUBSCRIPTIONS: WeakSet[Subscription] = WeakSet()


def _distrust_copies() -> None:
    """In a forked child: it has copies of its parent's subscriptions, and no thread that receives for them."""
    for subscription in tuple(_SUBSCRIPTIONS):
        subscription._subscribed = False


os.register_at_fork(after_in_child=_distrust_copies)
