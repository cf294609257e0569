"""What the truth meters of all workers found, in Redis: by day and result, and the last wrong answers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from storefront import redis_roles
from storefront.redis_roles import Role

# "changed": the page differed because of a change that was on its way. "failed": it could not be built.
Result = Literal["same", "changed", "wrong", "failed"]
RESULTS: tuple[Result, ...] = ("same", "changed", "wrong", "failed")
DAYS = 7
MAX_WRONG = 20
_DAY = 86_400


class WrongAnswer(msgspec.Struct, frozen=True):
    """A page that differed from the database.

    Attributes:
        at: seconds since the epoch.
        key: of its entry.
        difference: where it differed.
        cause: what is known about why.
        age: seconds since the page was built; it was wrong for less.
    """

    at: float
    key: str
    difference: str
    cause: str
    age: float


class VerifiedWeek(NamedTuple):
    """The comparisons of the last seven days, and the last wrong answers, the newest first."""

    counts: Mapping[Result, int]
    wrong: Sequence[WrongAnswer]

    @property
    def compared(self) -> int:
        """The pages that were compared: built again, whatever the result."""
        return sum(number for result, number in self.counts.items() if result != "failed")

    @property
    def oldest(self) -> float:
        """The age of the oldest wrong answer in seconds; 0.0 without one."""
        return max((answer.age for answer in self.wrong), default=0.0)


def add(prefix: str, counts: Mapping[Result, int], wrong: Sequence[WrongAnswer]) -> None:
    """Add results of this process.

    Raises:
        RedisUnavailable: Redis does not answer, or accepts no writes.
    """
    day, last = _day_key(prefix, int(time.time() // _DAY)), f"{prefix}:wrong"

    def write(client: Any) -> None:
        with client.pipeline(transaction=False) as pipe:
            for result, number in counts.items():
                pipe.hincrby(day, result, number)
            pipe.expire(day, (DAYS + 1) * _DAY)
            if wrong:
                pipe.lpush(last, *(msgspec.json.encode(answer) for answer in wrong))
                pipe.ltrim(last, 0, MAX_WRONG - 1)
                pipe.expire(last, DAYS * _DAY)
            pipe.execute()

    redis_roles.call(Role.CACHE, write, write=True)


def read_week(prefix: str) -> VerifiedWeek:
    """Return what all workers found in seven days.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    today = int(time.time() // _DAY)

    def read(client: Any) -> list[Any]:
        with client.pipeline(transaction=False) as pipe:
            for day in range(today - DAYS + 1, today + 1):
                pipe.hgetall(_day_key(prefix, day))
            pipe.lrange(f"{prefix}:wrong", 0, -1)
            return list(pipe.execute())

    *days, rows = redis_roles.call(Role.CACHE, read)
    counts = {result: sum(int(day.get(result.encode(), 0)) for day in days) for result in RESULTS}
    since = time.time() - DAYS * _DAY
    wrong = [answer for row in rows if (answer := msgspec.json.decode(row, type=WrongAnswer)).at > since]
    return VerifiedWeek(counts, wrong)


def _day_key(prefix: str, day: int) -> str:
    return f"{prefix}:verified:{day}"
