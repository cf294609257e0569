"""The cache: pages and data in two levels over Redis, dropped by the commit that changes what they show.

What it promises, and how, is written in docs/caching.md.
"""

from __future__ import annotations

import os
import threading

from flask import Flask

from storefront import outbox, periodic
from storefront.cache import cli, fingerprint, invalidation, keys, page_cache, views
from storefront.cache.data_cache import cached, fetch, put
from storefront.cache.invalidation import depends_on, invalidate_on_commit
from storefront.cache.l2 import L2
from storefront.cache.page_cache import NotPublicError, do_not_store, public_page
from storefront.cache.state import cache_state, create_state
from storefront.cache.store import CacheStore
from storefront.redis_roles import Role, Subscription

__all__ = [
    "NotPublicError",
    "cached",
    "depends_on",
    "do_not_store",
    "fetch",
    "init_app",
    "invalidate_on_commit",
    "keys",
    "public_page",
    "put",
    "start",
]

_starting = threading.Lock()


def init_app(app: Flask) -> None:
    """Give the application its cache; hooks that come before this one's also run for cached pages."""
    if not app.config["CACHE"]:
        return
    shared = L2(app.config["CACHE_PREFIX"], app.config["CACHE_SHARDS"])
    store = CacheStore(shared, app.config["CACHE_LOCAL_MB"] * 1024 * 1024, app.config["CACHE_TTLS"])
    state = create_state(app, store, fingerprint.compute_fingerprint(app))
    invalidation.init_app(app, state)
    if not app.testing:

        @app.before_request
        def begin() -> None:
            if not state.is_started:
                start(app)

    page_cache.init_app(app, state)
    app.register_blueprint(views.bp)
    app.cli.add_command(cli.cache)


def start(app: Flask) -> None:
    """Begin to hear of invalidations and to sweep the outbox, in this process: threads do not survive a fork."""
    state = cache_state.get(app)
    with _starting, app.app_context():
        if state.is_started:
            return
        store = state.store
        marks = store.l2.tag_times

        def hear(_channel: str, message: bytes) -> None:
            store.invalidate_local(marks.receive(message))

        def forget() -> None:
            # What was published before this moment may have been missed, and this may be another server.
            store.l1.clear()
            marks.suspect_failover()

        heard = Subscription(Role.CACHE, [marks.channel], on_message=hear, on_subscribed=forget)
        heard.start()
        state.reporter.start()
        state.recompressor.start()
        store.receives_invalidations = lambda: heard.trusted
        state.subscription = heard
        state.pid = os.getpid()
    periodic.start_tasks(app, outbox.SWEEPER)


def stop(app: Flask) -> None:
    """Stop hearing; for tests and for commands that end."""
    state = cache_state.get(app)
    if state.subscription is not None:
        state.subscription.stop()
    state.subscription, state.pid = None, 0
    state.reporter.stop()
    state.recompressor.stop()
    periodic.stop_tasks(app, outbox.SWEEPER)
    state.store.receives_invalidations = lambda: False
