"""The result of one check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARN = "warn"  # it works, but could be better
    WRONG = "wrong"  # it has to be fixed


@dataclass(frozen=True, slots=True)
class Finding:
    """The thing that was checked, a level, and a sentence that says what was found and how to fix it."""

    about: str
    level: Level
    sentence: str

    def to_dict(self) -> dict[str, str]:
        """Return the finding as a JSON object."""
        return asdict(self)


def ok(about: str, sentence: str) -> Finding:
    """Return a finding without a problem."""
    return Finding(about, Level.OK, sentence)


def warn(about: str, sentence: str) -> Finding:
    """Return a warning."""
    return Finding(about, Level.WARN, sentence)


def wrong(about: str, sentence: str) -> Finding:
    """Return an error that has to be fixed."""
    return Finding(about, Level.WRONG, sentence)


def judge(about: str, problem: str | None, fine: str) -> Finding:
    """Return an error if there is a problem, else a finding with the other sentence."""
    return wrong(about, problem) if problem else ok(about, fine)
