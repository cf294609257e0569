"""A form that is sent twice, by a double click, does its work once: the second click gets the first one's answer.

A form that makes something has a hidden field with a random key (`once_field`). The first request with the same
content claims it in Redis, and leaves there where its answer leads. The others wait for that. A form that was refused
may be sent again, and one that was changed is another form. Without Redis every click counts, as it would without us.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
import time
from collections.abc import Callable
from typing import ParamSpec

from flask import Flask, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from storefront import accounts, redis_roles
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.redis_roles import RedisUnavailable, Role

P = ParamSpec("P")

FIELD = "form_key"
HELD = 60  # seconds for which a request that died keeps its claim
KEPT = 3600  # seconds for which an answer is remembered
PATIENCE, PAUSE = 10.0, 0.05  # seconds that a second click waits, and between two looks
_BUSY = b"-"


class StillSavingError(StorefrontError):
    """The same form is being saved by another request, which has not ended yet."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("This form is just being saved. Look whether it is there before you send it again.")
        )


def init_app(app: Flask) -> None:
    """Give templates the field of a form that is sent once."""
    app.jinja_env.globals["once_field"] = once_field


def once_field() -> Markup:
    """Return the hidden field that tells this form from every other one, also from the same form shown again."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, secrets.token_urlsafe(12))


def once_only(view: Callable[P, Response]) -> Callable[P, Response]:
    """Do the view's work once for each form: a redirect (303) is its success, any other answer a refusal."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        key = _read_key()
        if key and (target := _claim(key)) is not None:
            return redirect(target, 303)
        target = None
        try:
            response = view(*args, **kwargs)
            target = response.location if response.status_code == 303 else None
            return response
        finally:
            if key:
                _settle(key, target)

    return guarded


def _read_key() -> str:
    """Return the name of the form's claim: of its sender, its address and its content; empty without a key."""
    user = accounts.current_user()
    if not request.form.get(FIELD) or user is None:
        return ""
    files = [(name, file.filename or "") for name, file in request.files.items(multi=True)]
    content = repr((request.full_path, list(request.form.items(multi=True)), files))
    return f"office:form:{user.id}:{hashlib.sha256(content.encode('utf-8', 'replace')).hexdigest()}"


def _claim(key: str) -> str | None:
    """Claim a form; return where the answer of an earlier request leads, None if there was none.

    Raises:
        StillSavingError: the earlier request has not ended in time.
    """
    ends = time.monotonic() + PATIENCE
    try:
        while not _take(key):
            found = redis_roles.call(Role.SESSION, lambda redis: redis.get(key))
            if isinstance(found, bytes) and found != _BUSY:
                return found.decode()
            if time.monotonic() > ends:
                raise StillSavingError
            time.sleep(PAUSE)
    except RedisUnavailable:
        pass
    return None


def _take(key: str) -> bool:
    return bool(
        redis_roles.call(Role.SESSION, lambda redis: redis.set(key, _BUSY, nx=True, ex=HELD), write=True)
    )


def _settle(key: str, target: str | None) -> None:
    """Remember where the answer leads; without one the form may be sent again."""
    try:
        if target is None:
            redis_roles.call(Role.SESSION, lambda redis: redis.delete(key), write=True)
        else:
            redis_roles.call(Role.SESSION, lambda redis: redis.set(key, target, ex=KEPT), write=True)
    except RedisUnavailable:
        pass  # the claim ends by itself
