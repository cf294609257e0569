"""`flask cache`: show statistics, purge tags, and preview what that would drop."""

from __future__ import annotations

import click
import msgspec
from flask import current_app
from flask.cli import AppGroup

from storefront import redis_roles
from storefront.cache import hit_rates, inspection, preview
from storefront.cache.invalidation import invalidate_on_commit
from storefront.cache.state import cache_state
from storefront.cache.tag_modes import Mode, is_tag
from storefront.extensions import db
from storefront.redis_roles import RedisUnavailable, Role
from storefront.terminal import errors_for_people

cache = AppGroup("cache", help="Inspect, purge and fill the cache.")

_SHOWN_TAGS = 5


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
    _check_tags(tags)
    mode: Mode = "hard" if hard else "relaxed" if relaxed else "strict"
    invalidate_on_commit(db.session(), *tags, cause="flask cache purge", mode=mode)
    db.session.commit()
    problem = redis_roles.check_server(Role.CACHE)
    click.echo("Redis is down: the purge follows as soon as it is back." if problem else "Purged.")


@cache.command("preview")
@click.argument("tags", nargs=-1, required=True)
@click.option(
    "--keys",
    type=click.IntRange(1),
    default=preview.COMMAND_LIMITS.keys,
    show_default=True,
    help="Stop after so many keys of Redis.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    default=preview.COMMAND_LIMITS.seconds,
    show_default=True,
    help="Stop after so many seconds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_preview(tags: tuple[str, ...], keys: int, seconds: float, as_json: bool) -> None:
    """Show the cached pages that carry one of the TAGS, e.g. product:12, and drop nothing."""
    _check_tags(tags)
    limits = preview.ScanLimits(keys, seconds, preview.COMMAND_LIMITS.pages)
    state = cache_state.get(current_app)
    with errors_for_people():
        found = preview.preview_invalidation(current_app, state, tags, limits)
    if not (found.pages or found.values):
        for sentence in filter(None, map(state.store.tag_modes.describe_unknown, tags)):
            raise click.ClickException(sentence)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    names = [page.address or "(stored by an earlier version)" for page in found.pages]
    width = max(map(len, names), default=0)
    if names:
        click.echo(f"{'page':<{width}}{'age':>10}  {'mode':<9}other tags")
    for name, page in zip(names, found.pages, strict=True):
        others = ", ".join(page.other_tags[:_SHOWN_TAGS])
        more = len(page.other_tags) - _SHOWN_TAGS
        rest = f" and {more} more" if more > 0 else ""
        click.echo(f"{name:<{width}}{page.age:>8,} s  {page.mode:<9}{others}{rest}")
    click.echo(_describe(found))


def _describe(found: preview.Preview) -> str:
    pages = f"{len(found.pages):,} page{'s' * (len(found.pages) != 1)}"
    values = f"{found.values:,} value{'s' * (found.values != 1)}"
    text = f"{pages} and {values} of which pages are made would be dropped. "
    if not found.stopped:
        return f"{text}Looked at all {found.keys:,} keys of Redis in {found.seconds:.2f} s."
    limit = {"keys": "use --keys", "seconds": "use --seconds", "pages": "purge in parts"}[found.stopped]
    return (
        f"{text}Stopped early, after about {found.looked_at:,} of {found.keys:,} keys of Redis and "
        f"{found.seconds:.2f} s: there may be more ({limit})."
    )


def _check_tags(tags: tuple[str, ...]) -> None:
    for tag in tags:
        if not is_tag(tag):
            raise click.ClickException(f"{tag!r} is not a tag. docs/caching.md lists them.")
