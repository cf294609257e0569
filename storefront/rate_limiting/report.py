"""The report of the rate limits: `flask limits report`, and the staff page /admin/system/limits."""

from __future__ import annotations

from collections import Counter

import click
from flask import Blueprint, current_app, render_template
from flask.cli import AppGroup
from werkzeug.wrappers import Response

from storefront.rate_limiting.declarations import limit
from storefront.rate_limiting.engine import rate_limits
from storefront.rate_limiting.statistics import DENY_LIST, HOURS
from storefront.redis_roles import RedisUnavailable
from storefront.web.private import private_page
from storefront.web.staff_access import permission_required

bp = Blueprint("rate_limiting", __name__, cli_group=None)
limits = AppGroup("limits", help="Look at what the rate limits did.")


@limits.command()
@click.option("--hours", type=click.IntRange(1, HOURS), default=HOURS, help="How far back (default: a day).")
def report(hours: int) -> None:
    """Show who was refused, by which limit, how often."""
    engine = rate_limits.get(current_app)
    try:
        statistics = engine.statistics.read_report(hours)
    except RedisUnavailable as error:
        raise click.ClickException(f"{error} Each process limits for itself.") from error
    click.echo(
        f"{'limit':<24}{'units/window':>16}{'asked':>12}{'refused':>10}{'shadow':>10}{'without Redis':>16}"
    )
    for name, policy in engine.policies.items():
        events = statistics.events.get(name, Counter())
        rate = f"{policy.limit:,}/{policy.window} s"
        counts = [events[event] for event in ("asked", "refused", "shadow", "alone")]
        click.echo(f"{name:<24}{rate:>16}{counts[0]:>12,}{counts[1]:>10,}{counts[2]:>10,}{counts[3]:>16,}")
    if denied := statistics.events.get(DENY_LIST, Counter())["denied"]:
        click.echo(f"{DENY_LIST:<24}{'':>16}{'':>12}{denied:>10,}")
    if not statistics.refused:
        click.echo(f"\nNobody was refused in the last {hours} hours.")
        return
    click.echo(f"\n{'refused most':<40}{'by':<24}{'times':>10}")
    for name, client, times in statistics.refused:
        click.echo(f"{client:<40}{name:<24}{times:>10,}")


@bp.get("/admin/system/limits")
@permission_required("system:read")
@limit("staff")
def dashboard() -> Response:
    """Show the report of `flask limits report` as a page."""
    limits = rate_limits.get(current_app)
    report, away = None, None
    try:
        report = limits.statistics.read_report()
    except RedisUnavailable as error:
        away = str(error)
    page = render_template("admin/system/limits.html", policies=limits.policies, report=report, away=away)
    return private_page(page)
