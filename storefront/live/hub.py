"""The hub of a process: one Redis subscription, the latest states of what is watched, and the streams that watch."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import msgspec
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from storefront import rate_limiting
from storefront.app_state import AppState
from storefront.batches import batches
from storefront.live import frames
from storefront.live.schedule import Schedule
from storefront.live.states import ItemState, LatestStates, Source
from storefront.live.subscribers import Subscriber, Subscribers
from storefront.redis_roles import Subscription

log = logging.getLogger(__name__)

SITE_FACTOR = 10  # what a /48 of IPv6 gets, in streams of a single address
SENDS = 256  # between two pauses in which other greenlets run
HEARTBEATS = 32  # between two breaths
# Seconds in which changes are received and sent. With 0, gevent would not look at the sockets.
BREATH = 0.001
LONGEST_PAUSE = 1.25  # seconds between attempts to subscribe: all pages are right 2 s after Redis is back
DELAYS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds: bounds for /metrics

_hubs = AppState[list["Hub"]]("live.hubs")


class Hub:
    """The streams of one process. Its threads start with the first stream, since threads do not survive a fork.

    Args:
        app: has the settings STREAMS and STREAMS_PER_ADDRESS.
        source: reads and decodes the items.

    Attributes:
        live: whether pages receive changes at once; else they see what the database is polled for.
        received: messages from Redis.
        sent: changes sent, counted once for each stream.
        dropped: streams that were closed since their client did not read.
        delays: how many fan-outs took at most so many seconds (the key; infinity if longer than all bounds).
    """

    def __init__(self, app: Flask, source: Source) -> None:
        self._app = app
        self._source = source
        self._latest = LatestStates()
        self._rule: object = None
        self._notice = b""
        self._subscribers = Subscribers()
        self._lock = threading.RLock()
        # An app's source need not inherit from `Source`, and may be older than these.
        self._channels = (source.channel, *getattr(source, "further_channels", Source.further_channels))
        self._read_notice = getattr(source, "notice", bytes)
        self._read_opening = getattr(source, "opening", bytes)
        self._is_private = getattr(source, "is_private", Source.is_private)
        self._schedule = Schedule(self, getattr(source, "poll_seconds", Source.poll_seconds))
        self._pid = 0
        self._subscription: Subscription | None = None
        self._closing = self._is_subscribed = False
        self.live = False
        self.received = self.sent = self.dropped = 0
        self.delays: Counter[float] = Counter()
        _hubs.setdefault(app, []).append(self)

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._subscribers)

    @property
    def subscribed(self) -> bool:
        """Whether this process receives all that Redis publishes."""
        return self._subscription is not None and self._subscription.is_trusted

    def start(self) -> None:
        """Subscribe and start the threads of this process, unless that is done. Needs an application context."""
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
            self._rule, self._notice = self._source.rule(), self._read_notice()
        self._subscription = Subscription(
            self._source.role,
            self._channels,
            on_message=self.receive,
            on_subscribed=self._resume,
            on_lost=self._pause,
            longest_pause=LONGEST_PAUSE,
        )
        self._schedule.start()  # first, so that the subscription can wake it
        self._subscription.start()

    def _resume(self) -> None:
        with self._lock:
            self._is_subscribed = True
        subscription = self._subscription
        self._schedule.poll_now(recovering=subscription is not None and subscription.has_failed)

    def _pause(self) -> None:
        with self._lock:
            self._is_subscribed = False
        self.set_live(live=False)

    def refusal(self, address: str) -> bytes | None:
        """Return the `retry` field for a client that gets no stream now, or None if it may have one.

        It gets none from a process that is stopping, and beyond the cap of the process or of its address.
        """
        if self._closing:
            return frames.retry_after_close()
        config = self._app.config
        if self.streams >= config["STREAMS"]:
            return frames.retry_as_polling()
        site = rate_limiting.site_of(address)
        if self._subscribers.count_from(address) >= config["STREAMS_PER_ADDRESS"]:
            return frames.retry_as_polling()
        if site and self._subscribers.count_from(site) >= SITE_FACTOR * config["STREAMS_PER_ADDRESS"]:
            return frames.retry_as_polling()
        return None

    def attach(self, subscriber: Subscriber) -> bytes:
        """Register a stream, and return its first frames.

        It is registered before the snapshot is read, so that no change falls between. If the database is
        unavailable, the stream ends with a `retry`: EventSource reconnects after no other status than 200.
        """
        with self._lock:
            self._subscribers.add(subscriber)
        try:
            # With the notice: the page may be older than the last change of it.
            return frames.retry_after_break() + self.snapshot(subscriber.topics) + self._read_opening()
        except SQLAlchemyError as error:
            log.warning("%s: the snapshot for a new stream cannot be read: %s", self._source.event, error)
            subscriber.end(frames.last_frame())
            return b""

    def detach(self, subscriber: Subscriber) -> None:
        """Remove a stream, and the states of topics that no stream watches any more."""
        with self._lock:
            for topic in self._subscribers.remove(subscriber):
                self._latest.forget(topic)

    def snapshot(self, topics: Collection[int]) -> bytes:
        """Return the event with the state of all items of these topics: from memory, else from the database.

        Raises:
            SQLAlchemyError: the database cannot be read.
        """
        self.follow_rule()
        missing = [topic for topic in topics if topic not in self._latest]
        states = {state.key: state for state in self._source.read(missing)} if missing else {}
        for state in states.values():
            # A stream that opened in the same moment may have been sent something older.
            self.publish(state, is_read=True, first=True)
        with self._lock:
            states |= {state.key: state for state in self._latest.of_topics(topics)}
        existing = {state.topic for state in states.values()}
        unknown = [topic for topic in topics if topic not in existing]
        return frames.snapshot(states.values(), unknown, live=self.live)

    def receive(self, channel: str, message: bytes) -> None:
        """Decode a message that Redis published, and publish it to the streams, or read all that they watch."""
        began, rule = time.monotonic(), self._rule
        self.received += 1
        try:
            state = self._source.decode(message)
        except msgspec.MsgspecError as error:
            log.warning("%s: a message on %s is not valid: %s", self._source.event, channel, error)
            return
        if state is None:
            self._schedule.poll_soon()
        elif self.publish(state):
            took = time.monotonic() - began
            self.delays[next((bound for bound in DELAYS if took <= bound), float("inf"))] += 1
        self._follow_rule(rule)

    def publish(self, state: ItemState, *, is_read: bool = False, first: bool = False) -> bool:
        """Send a state to the streams that watch it, if it is newer and looks different; return whether that is so.

        Args:
            state: the item's state.
            is_read: the source has returned it, so the public may see its topic. Else it waits until that is known.
            first: it was read for a snapshot. If the hub had no state of the item, no stream can show an older one,
                so it is only kept, and the snapshot carries it.
        """
        with self._lock:
            if state.topic not in self._subscribers.topics:
                return False
            if not is_read and state.topic not in self._latest:
                self._latest.keep_waiting(state)
                return False
            had_item = self._latest.has_item(state.key)
            is_due = self._latest.update(state) and (had_item or not first)
            waiting = self._latest.take_waiting(state.topic)
            subscribers = tuple(self._subscribers.of_topic(state.topic)) if is_due else ()
        if is_due:
            frame = frames.event(self._source.event, state)
            self.sent += self._fan_out(
                subscribers, state.key, frame, lambda: self._latest.is_last_sent(state)
            )
        for newer in waiting:
            self.publish(newer)
        return is_due

    def set_live(self, *, live: bool) -> None:
        """Send every page whether changes arrive at once, if that has changed: never without a subscription."""
        with self._lock:
            live = live and self._is_subscribed  # it may have been lost during the poll that came before
            if self.live == live:
                return
            self.live = live
            subscribers = tuple(self._subscribers)
        self._fan_out(subscribers, "", frames.STATUS[live], lambda: self.live == live)

    def poll(self, batch: int) -> None:
        """Read everything that is watched from the database, `batch` topics at a time, and publish what is newer.

        Topics that the public may not see any more are forgotten; streams that watch one of a private source end.
        """
        rule = self._rule
        with self._lock:
            watched = list(self._subscribers.topics)
        for number, topics in enumerate(batches(watched, batch)):
            if number:
                time.sleep(BREATH)
            states = self._source.read(topics)
            for state in states:
                self.publish(state, is_read=True)
            with self._lock:
                gone = set(topics) - {state.topic for state in states}
                for topic in gone:
                    self._latest.forget(topic)
                ending = {one for topic in gone for one in self._subscribers.of_topic(topic)}
            if self._is_private:
                for subscriber in ending:
                    subscriber.end(frames.last_frame())
        self._follow_rule(rule)

    def follow_rule(self) -> None:
        """Read all items again if they are shown by another rule than before."""
        if self._rule is None:
            self._rule = self._source.rule()
        self._follow_rule(self._rule)

    def send_notice(self) -> None:
        """Send the source's notice to all pages, if it has changed."""
        notice = self._read_notice()
        with self._lock:
            if notice == self._notice:
                return
            self._notice, subscribers = notice, tuple(self._subscribers)
        self._fan_out(subscribers, "notice", notice, lambda: self._notice == notice)

    def send_heartbeats(self) -> None:
        """Send the heartbeats of this tick, end streams that are old enough, and drop clients that do not read."""
        with self._lock:
            due = self._subscribers.next_due()
        for number, part in enumerate(batches(due, HEARTBEATS)):
            if number:
                time.sleep(BREATH)
            for subscriber in part:
                if subscriber in self._subscribers:  # else it has left in a breath
                    self._send_heartbeat(subscriber)

    def close(self) -> int:
        """Refuse new streams and end all open ones, each with a random `retry`; return how many were ended."""
        self._closing = True
        with self._lock:
            subscribers = tuple(self._subscribers)
        for start in range(0, len(subscribers), SENDS):
            for subscriber in subscribers[start : start + SENDS]:
                subscriber.end(frames.last_frame())
            time.sleep(0)
        return len(subscribers)

    def _send_heartbeat(self, subscriber: Subscriber) -> None:
        subscriber.heartbeats_left -= 1
        if subscriber.stuck:
            self.dropped += 1
            subscriber.end(b"")
            self.detach(subscriber)
        elif subscriber.heartbeats_left <= 0:
            subscriber.end(frames.last_frame())
        else:
            subscriber.offer(frames.HEARTBEAT_KEY, frames.HEARTBEAT)

    def _follow_rule(self, before: object) -> None:
        """Forget all states and read them again, if items are shown by another rule than before.

        Args:
            before: the rule when the caller began. What it read since then may be shown by the old one.
        """
        rule = self._source.rule()
        if before is None or rule == before:
            return
        with self._lock:
            self._rule = rule
            self._latest.clear()
        self._schedule.poll_now()

    def _fan_out(
        self, subscribers: Sequence[Subscriber], key: str, frame: bytes, is_current: Callable[[], bool]
    ) -> int:
        """Offer a frame to all; return to how many. Stops if it is outdated: another fan-out sends the newer one."""
        for start in range(0, len(subscribers), SENDS):
            if start:
                time.sleep(0)  # other greenlets may run
            with self._lock:
                if not is_current():
                    return start
                for subscriber in subscribers[start : start + SENDS]:
                    subscriber.offer(key, frame)
        return len(subscribers)


def close_streams(app: Flask) -> None:
    """End all streams of an application, because this process stops."""
    for hub in _hubs.setdefault(app, []):
        hub.close()
