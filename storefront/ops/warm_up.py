"""Cache warming: pages are rendered before anybody asks, by `flask cache warm` and when a new version starts."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from storefront import failures, periodic, redis_roles
from storefront.cache import hit_rates, page_renderer
from storefront.cache.page_renderer import PageAddress
from storefront.cache.state import cache_state
from storefront.catalog.models import Category, Product
from storefront.catalog.navigation import shown_conditions
from storefront.catalog.slugs import category_path, product_path
from storefront.extensions import db
from storefront.redis_roles import RedisUnavailable, Role

log = logging.getLogger(__name__)

LOCK_SECONDS = 600  # after this time another process may take over an unfinished warm-up
DONE_TTL = 30 * 86400  # seconds for which Redis remembers that a version has been warmed


@click.command()
@with_appcontext
@click.option("--pages", type=click.IntRange(1), default=500, help="How many pages at most (default 500).")
def warm(pages: int) -> None:
    """Render the pages most requested in the last day, then front page, categories and newest products."""
    try:
        addresses = list_urls_to_warm(pages)
    except RedisUnavailable as error:
        raise click.ClickException(f"{error} The cache cannot be filled.") from error
    with click.progressbar(render(addresses), length=len(addresses), label="Rendering pages") as rendered:
        stored = sum(rendered)
    click.echo(f"{stored} pages were rendered; the others were already in the cache or are never cached.")


def init_app(app: Flask) -> None:
    """Warm the cache in the background when a version starts for the first time, in one of its processes."""
    if app.testing or not app.config["CACHE"] or not app.config["CACHE_WARM"]:
        return
    periodic.add_task(app, "warm-up", lambda: in_advance(app), interval=0.0, idle_runs=1)


def list_urls_to_warm(most: int) -> list[str]:
    """Return the URLs of at most this many pages, the most useful ones first.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    hot = [address for address, _ in hit_rates.read_popular_urls(current_app.config["CACHE_PREFIX"])]
    filled = select(Category.path).where(*shown_conditions())
    newest = select(Product.slug).where(Product.status == "active").order_by(Product.id.desc()).limit(most)
    categories = db.session.execute(filled.order_by(Category.product_count.desc()).limit(most)).scalars()
    others = ["/", "/products", *map(category_path, categories)]
    others += list(map(product_path, db.session.execute(newest).scalars()))
    db.session.rollback()
    return list(dict.fromkeys([*hot, *others]))[:most]


def render(addresses: Iterable[str], *, rest: bool = False) -> Iterator[bool]:
    """Render each page and yield whether it was new to the cache.

    Args:
        addresses: paths with their query strings.
        rest: pause after each page for as long as it took, to leave the processor to visitors.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    for address in addresses:
        began = time.monotonic()
        yield page_renderer.render_missing(app, PageAddress.of_url(app, address))
        if rest:
            time.sleep(time.monotonic() - began)


def in_advance(app: Flask) -> None:
    """Render this version's pages, unless they have been rendered or another process is rendering them."""
    done = f"{app.config['CACHE_PREFIX']}:warmed:{cache_state.get(app).fingerprint}"
    try:
        with app.app_context(), redis_roles.lock(done, LOCK_SECONDS) as mine:
            if not mine or redis_roles.call(Role.CACHE, lambda redis: redis.exists(done)):
                return
            addresses = list_urls_to_warm(app.config["CACHE_WARM"])
            stored = sum(render(addresses, rest=True))
            redis_roles.call(Role.CACHE, lambda redis: redis.set(done, b"", ex=DONE_TTL), write=True)
            log.info(
                "this version starts for the first time: %d pages rendered, %s first", stored, addresses[0]
            )
    except (RedisUnavailable, SQLAlchemyError) as error:  # they will be rendered when somebody asks for them
        log.info(
            "not all pages of this version were rendered in advance: %s", failures.describe(error) or error
        )
    except Exception:
        log.exception("the pages of this version could not be rendered in advance")
