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

MIN_LENGTH, MAX_LENGTH = 10, 200  # characters

# OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane; about 20 ms of one core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# What everybody tries first, without digits and marks at the ends.
_COMMON = frozenset(
    "password passwort passw0rd p@ssword p@ssw0rd qwerty qwertyuiop qwertzuiop asdfghjkl zxcvbnm letmein welcome "
    "administrator admin iloveyou sunshine princess football baseball superman starwars whatever trustno changeme "
    "secret mypassword passwordpassword qwertyqwerty".split()
)
_RUNS = ("01234567890123456789", "09876543210987654321", "abcdefghijklmnopqrstuvwxyz")


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    return _run_in_thread(lambda: _HASHER.hash(_normalise(password)))


def verify(password: str, kept: str | None) -> bool:
    """Return whether a password is the one of which this is kept; None (nobody is there) takes as long."""
    if len(password) > 5 * MAX_LENGTH:
        password = ""

    def verify() -> bool:
        try:
            return _HASHER.verify(kept or _unusable_hash(), _normalise(password))
        except (VerificationError, InvalidHashError):
            return False

    return _run_in_thread(verify) and kept is not None


def needs_rehash(kept: str) -> bool:
    """Return whether it was made with other parameters than are used now."""
    return _HASHER.check_needs_rehash(kept)


def find_weakness(password: str, *known: str) -> str | None:
    """Return why a password may not be used, as a sentence, or None.

    Length is what counts, and that it is not what everybody would try (NIST SP 800-63B, 3.1.1.2).

    Args:
        password: as it was typed.
        known: what others know of the person: the e-mail, the name.
    """
    text = _normalise(password).casefold()
    if len(password) < MIN_LENGTH:
        return f"Use at least {MIN_LENGTH} characters; a few words in a row are easy to keep in mind."
    if len(password) > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters."
    if len(set(text)) < 4 or any(text in run for run in _RUNS):
        return "That is too easy to guess. A few words in a row are hard to guess and easy to keep in mind."
    if text.strip("0123456789!?.,-_#*$ ") in _COMMON:
        return "That is one of the passwords that everybody tries first. Use a few words of your own."
    if any(text in (one.casefold(), one.casefold().partition("@")[0]) for one in known if one):
        return "Use something else than your name or your e-mail."
    return None


def _normalise(password: str) -> str:
    return unicodedata.normalize("NFKC", password)  # two keyboards may write one letter in two ways


@functools.cache
def _unusable_hash() -> str:
    return _HASHER.hash("nobody has this password")


def _run_in_thread(work: Callable[[], T]) -> T:
    """Do what keeps a core busy in a thread of gevent's pool, so that the worker's other requests go on."""
    if not monkey.is_module_patched("threading"):
        return work()
    result: T = gevent.get_hub().threadpool.apply(work)
    return result
