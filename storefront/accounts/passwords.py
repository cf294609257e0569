"""Passwords: argon2id, and what is too weak to be one."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable
from typing import TypeVar

import gevent
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from gevent import monkey

T = TypeVar("T")

LEAST, MOST = 10, 200  # characters

# OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane; about 20 ms of one core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# What everybody tries first, without digits and marks at the ends.
_COMMON = frozenset(
    "password passwort passw0rd p@ssword p@ssw0rd qwerty qwertyuiop qwertzuiop asdfghjkl zxcvbnm letmein welcome "
    "administrator admin iloveyou sunshine princess football baseball superman starwars whatever trustno changeme "
    "secret mypassword passwordpassword qwertyqwerty".split()
)
_RUNS = ("01234567890123456789", "09876543210987654321", "abcdefghijklmnopqrstuvwxyz")


def digest(password: str) -> str:
    """Return what is kept of a password."""
    return _apart(lambda: _HASHER.hash(_normal(password)))


def is_right(password: str, kept: str | None) -> bool:
    """Return whether a password is the one of which this is kept; None (nobody is there) takes as long."""
    if len(password) > 5 * MOST:
        password = ""

    def verify() -> bool:
        try:
            return _HASHER.verify(kept or _nobody(), _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    return _apart(verify) and kept is not None


def is_outdated(kept: str) -> bool:
    """Return whether it was made with other parameters than are used now."""
    return _HASHER.check_needs_rehash(kept)


def weakness(password: str, *known: str) -> str | None:
    """Return why a password may not be used, as a sentence, or None.

    Length is what counts, and that it is not what everybody would try (NIST SP 800-63B, 3.1.1.2).

    Args:
        password: as it was typed.
        known: what others know of the person: the e-mail, the name.
    """
    text = _normal(password).casefold()
    if len(password) < LEAST:
        return f"Use at least {LEAST} characters; a few words in a row are easy to keep in mind."
    if len(password) > MOST:
        return f"Use at most {MOST} characters."
    if len(set(text)) < 4 or any(text in run for run in _RUNS):
        return "That is too easy to guess. A few words in a row are hard to guess and easy to keep in mind."
    if text.strip("0123456789!?.,-_#*$ ") in _COMMON:
        return "That is one of the passwords that everybody tries first. Use a few words of your own."
    if any(text in (one.casefold(), one.casefold().partition("@")[0]) for one in known if one):
        return "Use something else than your name or your e-mail."
    return None


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)  # two keyboards may write one letter in two ways


@functools.cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")


def _apart(work: Callable[[], T]) -> T:
    """Do what keeps a core busy in a thread of gevent's pool, so that the worker's other requests go on."""
    if not monkey.is_module_patched("threading"):
        return work()
    result: T = gevent.get_hub().threadpool.apply(work)
    return result
