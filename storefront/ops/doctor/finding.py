"""What a look at one thing found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """How it is."""

    OK = "ok"
    WARN = "warn"  # it works, but not as well as it could
    WRONG = "wrong"  # to be mended


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and a sentence: what was seen, and how to mend it if it has to be."""

    about: str
    level: Level
    sentence: str

    def to_dict(self) -> dict[str, str]:
        """Return it as JSON takes it."""
        return asdict(self)


def ok(about: str, sentence: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(about, Level.OK, sentence)


def warn(about: str, sentence: str) -> Finding:
    """Return that something could be better."""
    return Finding(about, Level.WARN, sentence)


def wrong(about: str, sentence: str) -> Finding:
    """Return that something has to be mended."""
    return Finding(about, Level.WRONG, sentence)


def judge(about: str, problem: str | None, fine: str) -> Finding:
    """Return that something is wrong, if there is a problem, else that it is fine."""
    return wrong(about, problem) if problem else ok(about, fine)
