"""`flask cache`: show statistics and purge tags."""

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

cache = AppGroup("cache", help="Inspect, purge and fill the cache.")

# Redis keeps names that begin with another sign beside the tags (lua/fetch.lua).
_TAG = re.compile("[A-Za-z0-9][!-~]{0,99}")


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
