"""Break security mechanisms one at a time in a copy of the checkout: which test notices? (`make mutations`)

The exit status is 1 if a mutation survived or an entry is wrong, and 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.mutations.catalogue import ENTRIES, EntryError, Mutation, load_mutations, select
from tests.mutations.runner import Record, Result, copied, format_table, run_mutation, run_tests

ROOT = Path(__file__).parent.parent.parent


def main(words: Sequence[str]) -> int:
    """Run the mutations that the arguments select; return the exit status."""
    parser = argparse.ArgumentParser(prog="make mutations ARGS=…", description=__doc__)
    parser.add_argument("word", nargs="*", help="run only mutations with this in their name or file")
    parser.add_argument("--list", action="store_true", help="check that each entry matches, and run nothing")
    parser.add_argument("--resume", action="store_true", help="leave out what a test noticed last time")
    parser.add_argument("--no-baseline", action="store_true", help="do not run the tests unbroken first")
    parser.add_argument("--checkout", type=Path, default=ROOT, help="what to copy (%(default)s)")
    parser.add_argument("--entries", type=Path, default=ENTRIES, help="the directory of the list")
    options = parser.parse_args(words)
    try:
        mutations = select(load_mutations(options.entries), options.word)
        if options.list:
            return _list(mutations, options.checkout)
    except EntryError as error:
        print(error, file=sys.stderr)
        return 1
    record = Record(options.checkout / "build" / "mutations.json")
    if options.resume:
        mutations = [one for one in mutations if not record.is_killed(one, options.checkout)]
    return _run(mutations, options.checkout, record, baseline=not options.no_baseline)


def _list(mutations: Sequence[Mutation], checkout: Path) -> int:
    faults = 0
    for mutation in mutations:
        try:
            mutation.apply(checkout)
            print(f"{mutation.name}: {mutation.file}")
        except EntryError as error:
            faults += 1
            print(error, file=sys.stderr)
    return min(faults, 1)


def _run(mutations: Sequence[Mutation], checkout: Path, record: Record, *, baseline: bool) -> int:
    results: list[tuple[Mutation, Result]] = []
    interrupted = False
    try:
        with copied(checkout) as copy:
            if baseline and not _passes(mutations, copy):
                return 1
            for number, mutation in enumerate(mutations, 1):
                print(f"[{number}/{len(mutations)}] {mutation.name} … ", end="", flush=True)
                result = run_mutation(mutation, copy)
                print(f"{result.outcome} ({result.seconds} s)", flush=True)
                results.append((mutation, result))
                record.add(mutation, result, checkout)
    except KeyboardInterrupt:
        interrupted = True
    print(f"\n{format_table(results)}\n")
    bad = sum(result.outcome != "killed" for _, result in results)
    print(f"{len(results) - bad} of {len(results)} mutations were noticed by a test.")
    if interrupted:
        print("Interrupted; the checkout is as it was. Go on with: make mutations ARGS=--resume")
        return 130
    return min(bad, 1)


def _passes(mutations: Sequence[Mutation], copy: Path) -> bool:
    """Return whether the tests pass while nothing is broken: otherwise their failure would prove nothing."""
    tests = list(dict.fromkeys(test for mutation in mutations for test in mutation.tests))
    if not tests:
        return True
    print(f"Running {len(tests)} files and tests unbroken … ", end="", flush=True)
    processes = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadscope")
    status, said = run_tests(copy, tests, *processes)
    print("passed" if status == 0 else f"failed:\n{said[-3000:]}", flush=True)
    return status == 0


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM):  # a background job of a script ignores the first
        signal.signal(ending, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
