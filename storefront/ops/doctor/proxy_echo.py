"""/ops/mirror: returns to the doctor how its request arrived through all proxies.

It answers only a request with a token that this shop's SECRET_KEY signed within the last minute, and 404 to others.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, jsonify, request
from itsdangerous import BadSignature, TimestampSigner

from storefront.pauses import has_greenlets
from storefront.rate_limiting import limit
from storefront.web import signing
from storefront.web.private import mark_private

bp = Blueprint("mirror", __name__, cli_group=None)

HEADER = "X-Storefront-Doctor"
_MAX_AGE = 60  # seconds


def token() -> str:
    """Return a token which proves that the sender knows the secret key."""
    return _signer().sign("doctor").decode()


@bp.get("/ops/mirror")
@limit("staff")
def show() -> Response:
    """Return how this request arrived, as JSON."""
    try:
        _signer().unsign(request.headers.get(HEADER, ""), max_age=_MAX_AGE)
    except BadSignature:
        abort(404)
    forwarded = request.headers.get("X-Forwarded-For", "")
    response = jsonify(
        address=request.remote_addr,
        forwarded=[part.strip() for part in forwarded.split(",") if part.strip()],
        scheme=request.scheme,
        host=request.host,
        protocol=request.environ.get("SERVER_PROTOCOL"),
        worker=_worker(),
    )
    return mark_private(response)


def _worker() -> str:
    """Return the kind of worker that serves this request: "gevent", "threads", "sync" or "development"."""
    if not str(request.environ.get("SERVER_SOFTWARE", "")).startswith("gunicorn"):
        return "development"
    if has_greenlets():
        return "gevent"
    return "threads" if request.environ.get("wsgi.multithread") else "sync"


def _signer() -> TimestampSigner:
    return signing.create_timestamp_signer(current_app, "storefront.doctor")
