"""`flask cache`: show statistics, purge tags, and estimate the memory for a catalogue."""

from __future__ import annotations

import re

import click
from flask import current_app
from flask.cli import AppGroup

from storefront import redis_roles
from storefront.cache import hit_rates, inspection
from storefront.cache.invalidation import invalidate_on_commit
from storefront.cache.tag_modes import Mode
from storefront.extensions import db
from storefront.redis_roles import RedisUnavailable, Role
from storefront.terminal import errors_for_people

cache = AppGroup("cache", help="Inspect, purge and fill the cache.")

# Redis keeps names that begin with another sign beside the tags (lua/fetch.lua).
_TAG = re.compile("[A-Za-z0-9][!-~]{0,99}")
_DETAILS = ("page:catalog.product", "catalog:product")
_CATEGORIES = "catalog:category"
# Measured: Redis's own tables and the rounding of its allocator.
_OVERHEAD = 1.1
_LISTS = ("page:catalog.product_list", "page:catalog.category", "catalog:list")


@cache.command()
def stats() -> None:
    """Show hit rates of the last hour, the memory used, and the most requested addresses."""
    prefix = current_app.config["CACHE_PREFIX"]
    try:
        hour, memory = hit_rates.read_last_hour(prefix), inspection.measure_memory(prefix)
    except RedisUnavailable as error:
        raise click.ClickException(f"{error} The shop keeps running without it.") from error
    click.echo(
        f"{'kind':<16}{'hit rate':>9}{'local':>10}{'shared':>10}{'stale':>8}{'built':>8}{'build p99':>11}"
    )
    for kind, events in sorted(hour.events.items()):
        rate, slow = hit_rates.compute_hit_rate(events), hit_rates.compute_percentile(events, "build", 0.99)
        click.echo(
            f"{kind:<16}{'—' if rate is None else f'{rate:.1%}':>9}"
            f"{events['hit_local']:>10,}{events['hit_shared']:>10,}"
            f"{events['hit_stale']:>8,}{events['miss']:>8,}{'—' if slow is None else f'{slow:g} ms':>11}"
        )
    limit = (
        f" of {memory.limit / 1e6:,.1f} MB ({memory.policy})"
        if memory.limit
        else f", no limit ({memory.policy})"
    )
    click.echo(
        f"\nRedis uses {memory.used / 1e6:,.1f} MB{limit}; {memory.entries:,} keys, {memory.evicted:,} evicted."
    )
    for kind, (_, size) in memory.kinds.items():
        click.echo(f"  {kind:<28}{size:>9,} bytes each")
    if hour.popular:
        click.echo("\nMost requested, about how often:")
    for address, times in hour.popular[:10]:
        click.echo(f"  {address:<60}{times:>9,}")


@cache.command()
@click.argument("tags", nargs=-1, required=True)
@click.option(
    "--hard", is_flag=True, help="Never show the old pages again, not even while the database is down."
)
@click.option(
    "--relaxed",
    is_flag=True,
    help="Show the old pages until the new ones are built, for at most STOREFRONT_CACHE_GRACE seconds.",
)
def purge(tags: tuple[str, ...], hard: bool, relaxed: bool) -> None:
    """Invalidate every entry with one of the TAGS, e.g. product:12, category:3, everything: at once for everybody."""
    if hard and relaxed:
        raise click.ClickException("Use --hard or --relaxed: a hard purge forbids the old pages at once.")
    for tag in tags:
        if not _TAG.fullmatch(tag):
            raise click.ClickException(f"{tag!r} is not a tag. docs/caching.md lists them.")
    mode: Mode = "hard" if hard else "relaxed" if relaxed else "strict"
    invalidate_on_commit(db.session(), *tags, cause="flask cache purge", mode=mode)
    db.session.commit()
    problem = redis_roles.check_server(Role.CACHE)
    click.echo("Redis is down: the purge follows as soon as it is back." if problem else "Purged.")


@cache.command()
@click.option("--products", type=click.IntRange(1), required=True, help="Number of products.")
@click.option(
    "--visited",
    type=click.FloatRange(0, 1),
    default=1.0,
    help="Share of the pages that are requested, 0 to 1.",
)
def estimate(products: int, visited: float) -> None:
    """Estimate the memory that the cache needs for a catalogue, from the entries cached now."""
    prefix = current_app.config["CACHE_PREFIX"]
    with errors_for_people():
        memory = inspection.measure_memory(prefix)
    kinds = memory.kinds
    detail = [size for kind, (_, size) in kinds.items() if kind in _DETAILS]
    lists = [size for kind, (_, size) in kinds.items() if kind in _LISTS]
    if not detail or not lists:
        raise click.ClickException("Too little is cached to measure. Run: flask cache warm")
    details = _OVERHEAD * visited * products * sum(detail) / 1e6
    # Lists have 24 products each, in four orders.
    pages = _OVERHEAD * visited * products / 24 * 4 * sum(lists) / 1e6
    # Categories and the cache's own keys do not grow with visits.
    sampled = sum(number for number, _ in kinds.values())
    categories, size = kinds.get(_CATEGORIES, (0, 0))
    own = sum(size for kind, (_, size) in kinds.items() if kind not in (*_DETAILS, *_LISTS, _CATEGORIES))
    others = _OVERHEAD * (memory.entries * categories / sampled * size + own) / 1e6
    click.echo(
        f"{products:,} products: {details:,.1f} MB of product pages and their data, {pages:,.1f} MB of lists, "
        f"{others:,.1f} MB of categories and tag times;"
    )
    click.echo(
        f"together about {details + pages + others:,.1f} MB. With less, Redis evicts the least used entries first."
    )
