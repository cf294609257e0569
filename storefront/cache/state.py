"""The parts of an application's cache, and how other code finds them."""

from __future__ import annotations

import os
from dataclasses import dataclass

from flask import Flask

from storefront.app_state import AppState
from storefront.cache.data_builds import DataBuilds
from storefront.cache.edge_fields import EDGE_FIELDS, EdgeFields
from storefront.cache.hit_rates import HitRateReporter
from storefront.cache.hot_pages import HotPages
from storefront.cache.recompress import Recompressor
from storefront.cache.renewal import PageRenewer
from storefront.cache.store import CacheStore, LocalInvalidation
from storefront.cache.truth_meter import TruthMeter
from storefront.cache.url_index import UrlIndex
from storefront.cache.visitor_builds import VisitorBuilds
from storefront.redis_roles import Subscription


@dataclass(slots=True)
class CacheState:
    """The parts of an application's cache.

    Attributes:
        store: both levels.
        fingerprint: digest of the code, templates and settings that pages are made of.
        url_index: which entry each URL led to.
        reporter: sends this process's counts to Redis.
        recompressor: compresses popular pages again.
        renewer: builds expired pages in the background.
        visitor_builds: counts the pages that visitors wait for.
        data_builds: the builds of data that visitors do not wait for.
        hot_pages: builds popular pages again after their invalidation.
        truth_meter: compares pages with the database.
        edge: the response fields that the configured edge reads.
        subscription: receives invalidations from Redis once `start` was called.
        pid: the process in which `start` was called; 0 before.
    """

    store: CacheStore
    fingerprint: str
    url_index: UrlIndex
    reporter: HitRateReporter
    recompressor: Recompressor
    renewer: PageRenewer
    visitor_builds: VisitorBuilds
    data_builds: DataBuilds
    hot_pages: HotPages
    truth_meter: TruthMeter
    edge: EdgeFields
    subscription: Subscription | None = None
    pid: int = 0

    @property
    def is_started(self) -> bool:
        """Whether this process receives invalidations (threads do not survive a fork)."""
        return self.pid == os.getpid()


# `cache_state.find(app)` is None for an application without a cache (STOREFRONT_CACHE=off).
cache_state = AppState[CacheState]("cache")


def create_state(app: Flask, store: CacheStore, fingerprint: str) -> CacheState:
    """Give an application a cache, and return it."""
    reporter, recompressor = HitRateReporter(app, store), Recompressor(app, store)
    visitors = VisitorBuilds()
    renewer = PageRenewer(app, visitors)
    url_index, workers = UrlIndex(app.config["PREFIX"]), app.config.get("WORKERS", 1)
    hot_pages = HotPages(app, store, visitors, app.config.get("CACHE_REBUILD_PERCENT", 0), workers)
    meter = TruthMeter(app, store, url_index, app.config.get("CACHE_VERIFY_PERCENT", 0), workers)

    def react(invalidation: LocalInvalidation) -> None:
        if invalidation.relaxed and store.l2.grace:
            hot_pages.begin_grace(invalidation.dropped, store.l2.grace)
            return
        renewer.drop(invalidation.tags)
        hot_pages.drop(invalidation.dropped, is_known_to_redis=invalidation.is_known_to_redis)

    store.on_local_invalidation = react
    configured = app.config.get("EDGE")
    edge = EDGE_FIELDS[configured.name if configured else ""]
    builds = DataBuilds(app)
    state = CacheState(
        store,
        fingerprint,
        url_index,
        reporter,
        recompressor,
        renewer,
        visitors,
        builds,
        hot_pages,
        meter,
        edge,
    )
    cache_state.set(app, state)
    return state
