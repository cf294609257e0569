"""GET /admin/stream: says open pages of the back office that orders or stock have changed.

Events carry versions and no data of a person: the page fetches itself again, with the permissions that the person has
then. A stream also watches the sign-in that opened it, and ends within a second after it: the person was removed, has
another role, is disabled or signed out. Redis says so at once, and that stock has changed, as by a new order.
While a process has streams, it asks the database twice a second, by one statement for all of them: so orders need no
messages of their own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from flask import Blueprint, Flask, Response, current_app
from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from storefront import accounts, live, outbox, redis_roles
from storefront.accounts.models import SignIn, User
from storefront.accounts.queries import is_valid
from storefront.app_state import AppState
from storefront.checkout.models import OrderEvent
from storefront.extensions import db
from storefront.rate_limiting import limit
from storefront.redis_roles import Role
from storefront.stock import publisher
from storefront.stock.models import StockMovement
from storefront.web.staff_access import may, staff_required

PATH = "/admin/stream"
TOPIC = "office"  # of the outbox
# Topics of streams below 0 are parts of the shop; those above are sign-ins.
ORDERS, STOCK = -1, -2
_PARTS = {ORDERS: ("orders", OrderEvent.id), STOCK: ("stock", StockMovement.id)}
# A transaction may commit after one with a later id; it is seen if so many others at most came between.
LATE_COMMITS = 100

bp = Blueprint("admin_live", __name__, cli_group=None)
hub = AppState[live.Hub]("admin.hub")


@dataclass(frozen=True, slots=True)
class PartState:
    """How far a part of the shop has come ("orders", "stock"), or that a sign-in is valid ("sign-in")."""

    topic: int
    part: str
    version: int

    @property
    def key(self) -> str:
        """The topic."""
        return str(self.topic)

    @property
    def visible(self) -> int:
        """Each version is sent."""
        return self.version


class OfficeSource(live.Source):
    """Reads how far orders and stock have come, and which sign-ins of the staff are still valid.

    Args:
        app: whose database and settings are used.
    """

    event = "office"
    role = Role.LIVE
    poll_seconds = 0.5
    is_private = True

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.channel = channel_of(app)
        self.further_channels = (publisher.channel_and_prefix(app)[0],)

    def read(self, topics: Collection[int]) -> list[PartState]:
        """Return the state of each topic that the streams may still watch.

        Raises:
            SQLAlchemyError: the database cannot be read.
        """
        with self._app.app_context():
            states = read_parts(topics)
            db.session.remove()
        return states

    def decode(self, message: bytes) -> None:  # noqa: ARG002
        """Have all topics read: a message only says that there is something new."""
        return


def read_parts(topics: Collection[int]) -> list[PartState]:
    """Return the state of each topic that exists: a part of the shop, or a valid sign-in of the staff."""
    queries: list[Any] = [_newest(topic) for topic in topics if topic in _PARTS]
    if sign_ins := [topic for topic in topics if topic > 0]:
        valid = is_valid(datetime.now(UTC)) & User.is_staff
        joined = select(SignIn.id, literal("sign-in"), literal(1)).join(User, User.id == SignIn.user_id)
        queries.append(joined.where(SignIn.id.in_(sign_ins), valid))
    if not queries:
        return []
    return [PartState(*row) for row in db.session.execute(union_all(*queries))]


def _newest(topic: int) -> Any:
    """Return a query of a part's version: it grows with the newest id, and with an older one that is late."""
    part, column = _PARTS[topic]
    last = func.coalesce(select(func.max(column)).scalar_subquery(), 0)
    late = select(func.count()).where(column > last - LATE_COMMITS).scalar_subquery()
    return select(literal(topic), literal(part), last * (LATE_COMMITS + 1) + late)


def channel_of(app: Flask) -> str:
    """Return the channel of Redis. A shop with another CACHE_PREFIX has that before the name."""
    stock, _prefix = publisher.channel_and_prefix(app)
    return stock.removesuffix("stock:updates") + "office:changes"


def visible_parts() -> tuple[int, ...]:
    """Return the topics whose changes the current person may see."""
    return tuple(
        topic for topic, permission in ((ORDERS, "orders:read"), (STOCK, "stock:read")) if may(permission)
    )


def read_versions() -> dict[str, int]:
    """Return how far the parts have come that the current person may see: what a page was made from."""
    parts = visible_parts()
    return {state.part: state.version for state in read_parts(parts)} if parts else {}


@bp.get(PATH)
@limit("stream")
@staff_required
def stream() -> Response:
    """Begin a stream: a snapshot, then every change of the parts that this person may see."""
    return live.stream_response(hub.get(current_app), (*visible_parts(), accounts.current_sign_in()))


def init_app(app: Flask) -> None:
    """Register the stream, and what tells it of changes after their commit. The hub starts with the first stream."""
    hub.set(app, live.Hub(app, OfficeSource(app)))
    live.add_path(app, PATH)
    outbox.subscribe(app, TOPIC, publish)
    accounts.access_ended.register(app, _enqueue_access)


def publish(events: list[dict[str, Any]]) -> None:
    """Tell all processes that there is something new; one message for all events.

    Raises:
        RedisUnavailable: the outbox delivers the events again later.
    """
    channel, message = channel_of(current_app), msgspec.json.encode(events[-1])
    redis_roles.call(Role.LIVE, partial(_publish, channel, message), write=True)


def _publish(channel: str, message: bytes, client: Any) -> None:
    client.publish(channel, message)


def _enqueue_access(session: Session, user_id: int) -> None:
    outbox.enqueue(session, TOPIC, {"part": "access", "id": user_id})
