"""`flask cache warm`: after a deploy, the pages asked for most are rendered before anybody waits for them."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from storefront.cache import reporting
from storefront.catalog.models import ROOT_PATH, Category, Product
from storefront.extensions import db
from storefront.redis_roles import RedisAway


@click.command()
@with_appcontext
@click.option("--pages", type=click.IntRange(1), default=500, help="How many pages at most (default 500).")
def warm(pages: int) -> None:
    """Render what was asked for most in the last hours, then the front page, the categories, the newest products."""
    try:
        hot = [address for address, _ in reporting.last_hour(current_app.config["CACHE_PREFIX"]).hot]
    except RedisAway as error:
        raise click.ClickException(f"{error} There is nothing to fill.") from error
    filled = select(Category.path).where(Category.path != ROOT_PATH, Category.product_count > 0)
    newest = select(Product.slug).where(Product.status == "active").order_by(Product.id.desc()).limit(pages)
    categories = db.session.execute(filled.order_by(Category.product_count.desc()).limit(pages)).scalars()
    wanted = ["/", "/products", *(f"/categories/{path}" for path in categories)]
    wanted += [f"/products/{slug}" for slug in db.session.execute(newest).scalars()]
    client, stored = current_app.test_client(), 0
    with click.progressbar(
        list(dict.fromkeys([*hot, *wanted]))[:pages], label="Rendering pages"
    ) as addresses:
        for address in addresses:
            answer = client.get(address, headers={"Accept-Encoding": "br"})
            stored += "stored" in answer.headers.get("Cache-Status", "")
    click.echo(f"{stored} pages were rendered; the others were there already or are not cached.")
