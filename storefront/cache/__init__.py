"""The cache: pages and data in two levels, invalidated by the commit that changes what they show.

Level 1 (L1) is in the process, level 2 (L2) in Redis. docs/caching.md says what the cache promises and how.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable

from flask import Flask

from storefront import outbox, periodic
from storefront.cache import cli, fingerprint, invalidation, keys, page_cache, views
from storefront.cache.build_context import (
    collect_dependencies,
    depends_on,
    innermost_build,
    valid_until,
)
from storefront.cache.data_cache import cached, fetch, peek, put
from storefront.cache.invalidation import invalidate_on_commit
from storefront.cache.keys import CacheEntry, EntryKind
from storefront.cache.l2 import L2
from storefront.cache.page_builds import answer_privately, do_not_store
from storefront.cache.page_cache import NotPublicError, public_page
from storefront.cache.state import cache_state, create_state
from storefront.cache.store import CacheStore
from storefront.cache.tag_modes import TagKind, TagModes
from storefront.cache.tag_times import is_relaxed
from storefront.redis_roles import Role, Subscription

__all__ = [
    "CacheEntry",
    "EntryKind",
    "NotPublicError",
    "TagKind",
    "answer_privately",
    "cached",
    "collect_dependencies",
    "depends_on",
    "do_not_store",
    "fetch",
    "init_app",
    "innermost_build",
    "invalidate_on_commit",
    "keys",
    "leave_out_of_comparison",
    "peek",
    "public_page",
    "put",
    "start",
    "valid_until",
]

_start_lock = threading.Lock()


def init_app(app: Flask, tag_kinds: Iterable[TagKind] = (), page_settings: Iterable[str] = ()) -> None:
    """Give the application its cache. Request hooks registered before this call also run for cached pages.

    Args:
        app: the application.
        tag_kinds: the kinds of its tags; a tag of another kind is strict.
        page_settings: names of settings that its pages show: with other values there are other pages.

    Raises:
        ConfigurationError: a setting makes strict tags relaxed.
    """
    if not app.config["CACHE"]:
        return
    l2 = L2(app.config["CACHE_PREFIX"], app.config["CACHE_SHARDS"], app.config["CACHE_GRACE"])
    modes = TagModes(tag_kinds, app.config["CACHE_RELAXED_TAGS"])
    store = CacheStore(l2, app.config["CACHE_LOCAL_MB"] * 1024 * 1024, app.config["CACHE_TTLS"], modes)
    state = create_state(app, store, fingerprint.compute_fingerprint(app, page_settings))
    invalidation.init_app(app, state)
    if not app.testing:

        @app.before_request
        def start_with_first_request() -> None:
            if not state.is_started:
                start(app)

    page_cache.init_app(app, state)
    app.register_blueprint(views.bp)
    app.cli.add_command(cli.cache)


def leave_out_of_comparison(app: Flask, unstable: re.Pattern[bytes]) -> None:
    """Let the truth meter ignore what matches: pages may say it otherwise without being wrong."""
    state = cache_state.find(app)
    if state is not None:
        state.truth_meter.unstable = unstable


def start(app: Flask) -> None:
    """Start this process's threads: one receives invalidations, one sweeps the outbox, others report,
    recompress, renew and compare.

    Call it after a fork: threads do not survive one. Does nothing if this process has started them.
    """
    state = cache_state.get(app)
    with _start_lock, app.app_context():
        if state.is_started:
            return
        store = state.store
        tag_times = store.l2.tag_times

        def receive(_channel: str, message: bytes) -> None:
            store.invalidate_local(tag_times.receive(message), relaxed=is_relaxed(message))

        def resubscribe() -> None:
            # Messages before this moment may have been missed, and this may be another server.
            store.l1.clear()
            tag_times.suspect_failover()

        subscription = Subscription(
            Role.CACHE, [tag_times.channel], on_message=receive, on_subscribed=resubscribe
        )
        subscription.start()
        state.reporter.task.start()
        state.recompressor.task.start()
        state.renewer.start()
        state.visitor_builds.forget()
        state.data_builds.forget()
        state.hot_pages.start()
        state.truth_meter.start()
        store.receives_invalidations = lambda: subscription.is_trusted
        state.subscription = subscription
        state.pid = os.getpid()
    periodic.start_tasks(app, outbox.SWEEPER)


def stop(app: Flask) -> None:
    """Stop the threads of this process; for tests and for commands that end."""
    state = cache_state.get(app)
    if state.subscription is not None:
        state.subscription.stop()
    state.subscription, state.pid = None, 0
    state.reporter.task.stop()
    state.recompressor.task.stop()
    state.renewer.stop()
    state.data_builds.wait()
    state.hot_pages.stop()
    state.truth_meter.stop()
    periodic.stop_tasks(app, outbox.SWEEPER)
    state.store.receives_invalidations = lambda: False
