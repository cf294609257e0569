"""Visitors who sign in repeatedly while masters are killed, and the sessions that have reached a replica."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import re
import urllib.parse
from collections.abc import Sequence
from contextlib import suppress

from flask import Flask
from redis.exceptions import RedisError, ResponseError

from storefront.accounts import credentials
from tests.chaos.load import Loops
from tests.chaos.shoppers import Ask
from tests.redis_roles.servers import Server

_PASSWORD = "a pot of green tea"
UNLIMITED = {
    "STOREFRONT_LIMIT_SIGN_IN_ADDRESS": "9999/minute",
    "STOREFRONT_LIMIT_SIGN_IN_ACCOUNT": "9999/minute",
}


def accounts(app: Flask, number: int) -> list[str]:
    """Create accounts and return their addresses."""
    with app.app_context():
        return [
            credentials.create_account(f"v{which}@shop.example", _PASSWORD, "Ada").email
            for which in range(number)
        ]


def sign_in(ask: Ask, email: str) -> str:
    """Sign in and return the cookies. They hold no session while Redis is unavailable."""
    form = urllib.parse.urlencode({"email": email, "password": _PASSWORD, "keep": "1"}).encode()
    headers = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
    answer = ask("/account/login", method="POST", body=form, **headers)
    assert answer.status == 303, answer.status
    return "; ".join(re.findall(r"(?:^|, )([\w-]+=[^;,]+)", answer.headers["set-cookie"]))


def is_known(ask: Ask, cookies: str) -> bool:
    """Return whether the shop recognises the owner of these cookies."""
    answer = ask("/me", Cookie=cookies)
    return answer.status == 200 and b'"signed_in":true' in answer.body.replace(b" ", b"")


def session(cookies: str) -> str | None:
    """Return the Redis key of the session in these cookies."""
    found = re.search(r"\bsession[\w-]*=([\w-]+)", cookies)
    return found and f"{{shop:session:{found[1][:2]}}}:{hashlib.sha256(found[1].encode()).hexdigest()}"


class Visitors(Loops):
    """Loops: one signs in without a pause, one waits until replicas acknowledge the writes."""

    def __init__(self, ask: Ask, emails: Sequence[str], masters: Sequence[Server]) -> None:
        self.cookies: list[str] = []
        self.failed: list[str] = []
        self.safe: list[str] = []  # sessions that were written before the last acknowledged write
        self._ask, self._emails, self._masters = ask, itertools.cycle(emails), masters
        self._told: list[str] = []
        super().__init__([self._sign_in, self._confirm])

    def _sign_in(self) -> None:
        while not self._done.is_set():
            try:
                cookies = sign_in(self._ask, next(self._emails))
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failed.append(repr(error))
                continue
            self.cookies.append(cookies)
            if key := session(cookies):
                self._told.append(key)

    def _confirm(self) -> None:
        """Wait until a write reaches a replica. Replication keeps the order, so has every earlier write."""
        with suppress(RedisError):
            marks = [(one, _own_key(one)) for one in self._masters]
            while not self._done.wait(0.05):
                before = list(self._told)
                if all(_acknowledged(one, key) for one, key in marks):
                    self.safe = before


def _own_key(master: Server) -> str:
    """Return a key that belongs to this node: in a cluster, other nodes hold most keys."""
    for number in itertools.count():
        with suppress(ResponseError):
            master.client.set(f"mark:{number}", "1")
            return f"mark:{number}"
    raise AssertionError


def _acknowledged(master: Server, key: str) -> bool:
    with master.client.pipeline(transaction=False) as pipe:
        return bool(pipe.incr(key).wait(1, 1000).execute()[1])
