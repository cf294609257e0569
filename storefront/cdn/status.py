"""What the edge still has to receive, for /admin/system/cache, metrics and the doctor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from flask import current_app, render_template
from markupsafe import Markup
from sqlalchemy import func, select

from storefront.cdn.models import EdgePurge
from storefront.cdn.providers import EdgeError, make_edge
from storefront.extensions import db

# A tag that no page carries.
_PROBE = "probe:edge"


class EdgeStatus(NamedTuple):
    """The purges of one target.

    Attributes:
        target: the address of the edge.
        waiting: purges that it has not received.
        repeating: purges that it has received and gets again.
        oldest: age of the oldest that it has not received, in seconds.
        error: why the last attempt failed; empty if it did not.
    """

    target: str
    waiting: int = 0
    repeating: int = 0
    oldest: float = 0.0
    error: str = ""


def read_status() -> list[EdgeStatus]:
    """Return the purges of each target of the configured edge; an empty list without an edge."""
    if (settings := current_app.config["EDGE"]) is None:
        return []
    first = EdgePurge.repeats == 0
    waiting, oldest = func.count().filter(first), func.min(EdgePurge.created_at).filter(first)
    query = select(EdgePurge.target, waiting, func.count(), oldest, func.max(EdgePurge.error))
    with db.engine.connect() as connection:
        found = {
            target: EdgeStatus(target, missing, total - missing, _age(since), error)
            for target, missing, total, since, error in connection.execute(query.group_by(EdgePurge.target))
        }
    return [found.get(url, EdgeStatus(url)) for url in settings.urls]


def render_panel() -> Markup:
    """Return the part of /admin/system/cache about the edge, as HTML."""
    name = current_app.config["EDGE"].name
    return Markup(render_template("admin/system/edge-panel.html", name=name, rows=read_status()))  # noqa: S704  # nosec B704


def probe_edge() -> Iterator[tuple[str, str]]:
    """Send each target a purge of a tag that no page carries; yield the target and why it failed, else nothing."""
    edge = make_edge(current_app.config["EDGE"])
    for target in edge.targets:
        try:
            edge.purge(target, [_PROBE], is_soft=False)
        except EdgeError as error:
            yield target, str(error)
        else:
            yield target, ""


def _age(since: datetime | None) -> float:
    return (datetime.now(UTC) - since).total_seconds() if since else 0.0
