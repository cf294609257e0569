"""`flask cache estimate`: the memory that the cache needs for a catalogue."""

from __future__ import annotations

import click
from flask import current_app

from storefront.cache import inspection
from storefront.terminal import errors_for_people

_DETAILS = ("page:catalog.product", "catalog:product")
_CATEGORIES = "catalog:category"
_LISTS = ("page:catalog.product_list", "page:catalog.category", "catalog:list")
# Measured: Redis's own tables and the rounding of its allocator.
_OVERHEAD = 1.1


@click.command()
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
