"""Runs mutations in a temporary copy of the checkout, one at a time, and tells which of them a test notices."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from tests.mutations.catalogue import EntryError, Mutation

TIMEOUT = 300  # seconds for the tests of one mutation
_TESTS_FAILED = 1  # pytest's exit status; 0 is success, and all others mean that no test decided
_FAILED = re.compile(r"^FAILED (\S+)", re.M)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutation: `killed` by a test, `survived`, or `wrong`: the entry or its tests are at fault."""

    outcome: Literal["killed", "survived", "wrong"]
    detail: str
    seconds: int = 0


@contextmanager
def copied(checkout: Path) -> Iterator[Path]:
    """A temporary copy of a checkout, without what git ignores, that uses the checkout's virtual environment."""
    words = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=True).stdout
    with TemporaryDirectory(prefix="storefront-mutations-") as folder:
        copy = Path(folder) / "checkout"
        for name in filter(None, listed.splitlines()):
            if (checkout / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(checkout / name, copy / name)
        (copy / ".venv").symlink_to((checkout / ".venv").resolve())
        yield copy


def run_mutation(mutation: Mutation, copy: Path) -> Result:
    """Break the mechanism in the copy, run the tests that have to notice, and restore the file."""
    path, began = copy / mutation.file, time.monotonic()
    try:
        broken = mutation.apply(copy)
    except EntryError as error:
        return Result("wrong", str(error))
    original = path.read_bytes()
    try:
        path.write_text(broken)
        status, said = run_tests(copy, mutation.tests)
    finally:
        path.write_bytes(original)
    seconds = round(time.monotonic() - began)
    if status == 0:
        return Result("survived", " ".join(mutation.tests), seconds)
    if status == _TESTS_FAILED and (failed := _FAILED.search(said)):
        return Result("killed", failed[1], seconds)
    return Result("wrong", f"pytest ended with {status}: {said.strip().splitlines()[-1:]}", seconds)


def run_tests(copy: Path, tests: Iterable[str], *options: str) -> tuple[int, str]:
    """Run tests in the copy on SQLite until the first fails; return pytest's exit status and output.

    Ctrl-C, or TIMEOUT, stops the tests and the servers that they started.
    """
    python = str(copy / ".venv" / "bin" / "python")
    words = ["-m", "pytest", "-x", "-q", "-rf", "-p", "no:cacheprovider", "--databases", "sqlite"]
    process = subprocess.Popen(
        [python, *words, *options, *tests],
        cwd=copy,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},  # byte code of a broken file must not outlive it
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        _stop(process)
        return -1, f"The tests took longer than {TIMEOUT} s."
    except BaseException:
        _stop(process)
        raise
    return process.returncode, said


class Record:
    """The results so far, in a file, so that an interrupted run can be resumed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rows: dict[str, dict[str, str]] = json.loads(file.read_text()) if file.exists() else {}

    def is_killed(self, mutation: Mutation, checkout: Path) -> bool:
        """Return whether a test noticed this mutation when it last ran, and nothing of it has changed since."""
        row = self._rows.get(mutation.name, {})
        return row.get("outcome") == "killed" and row.get("digest") == mutation.digest(checkout)

    def add(self, mutation: Mutation, result: Result, checkout: Path) -> None:
        """Write a result down."""
        self._rows[mutation.name] = {"digest": mutation.digest(checkout)} | asdict(result)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self._rows, indent=1) + "\n")


def format_table(results: Sequence[tuple[Mutation, Result]]) -> str:
    """Return the results as a table, those that need somebody last."""
    order = {"killed": 0, "survived": 1, "wrong": 2}
    rows = sorted(results, key=lambda row: order[row[1].outcome])
    width = max((len(mutation.name) for mutation, _ in rows), default=0)
    return "\n".join(
        f"{mutation.name:<{width}}  {result.outcome:<8}  {result.detail}" for mutation, result in rows
    )


def _stop(process: subprocess.Popen[str]) -> None:
    for each in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, each)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            continue
        return
