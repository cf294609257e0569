"""Common passwords, which attackers try first: those of the package zxcvbn, looked up without a network.

The package has 30,000 passwords from public leaks, and the commonest words and names. Its strings would take ten
megabytes of each process, so only their hashes are kept: 8 bytes for each, once a first password was checked.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

# Words and names are common passwords if they are as long as a password must be.
LONG_WORD = 10  # characters
MAX_ADDED = 12  # digits and signs that somebody may have added to a password
_ENDS = "0123456789!?.,;:-_#*$%&+=/()@~^'\"<> "
_LEET = str.maketrans("01345789@$!|", "oieastbgasii")
_REPEATED = re.compile(r"(.+?)\1+")


def is_common(text: str) -> bool:
    """Return whether a case-folded password is a common one, or a simple variation of one.

    Variations: digits and punctuation at the ends, digits in the place of letters, repeated or backwards.
    """
    return any(_is_listed(form) for form in _forms(text))


def _forms(text: str) -> Iterator[str]:
    for one in (text, text.strip(_ENDS), *_without_ends(text)):
        for form in (one, one.translate(_LEET), one[::-1]):
            yield form
            if found := _REPEATED.fullmatch(form):
                yield from (found[1], found[1] * 2)


def _without_ends(text: str) -> Iterator[str]:
    """Yield the text without some of the digits and signs at one end: a listed password may have its own."""
    for added in range(1, min(MAX_ADDED, len(text) - 1) + 1):
        if all(character in _ENDS for character in text[-added:]):
            yield text[:-added]
        if all(character in _ENDS for character in text[:added]):
            yield text[added:]


def _is_listed(text: str) -> bool:
    hashes = _load_hashes()
    wanted = hash(text)
    place = bisect_left(hashes, wanted)
    # Of 60,000 hashes of 64 bits, one in 3e14 other passwords has an equal one.
    return place < len(hashes) and hashes[place] == wanted


@functools.cache
def _load_hashes() -> array[int]:
    """Return the sorted hashes of all listed passwords."""
    lists = _read_lists()
    common = {word for word in lists.pop("passwords") if len(word) > 1}
    common |= {word for words in lists.values() for word in words if len(word) >= LONG_WORD}
    return array("q", sorted(map(hash, common)))


def _read_lists() -> dict[str, list[str]]:
    """Return zxcvbn's lists by name, without the import of the package, which builds dictionaries of them."""
    package = importlib.util.find_spec("zxcvbn")
    if package is None or package.origin is None:
        raise ImportError("zxcvbn is not installed")
    file = Path(package.origin).with_name("frequency_lists.py")
    spec = importlib.util.spec_from_file_location("zxcvbn_lists", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lists: dict[str, list[str]] = module.FREQUENCY_LISTS
    return lists
