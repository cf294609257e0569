"""No regular expression of the shop backtracks more than its text is long: each is given texts that make it fail."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from storefront.web.style_sheets import _PARTS
from tests.regex_steps import Matcher, letters_of

ROOT = Path(__file__).parent.parent
# Rooms whose patterns read settings, the answers of Redis, or the demo's own texts.
TRUSTED = ("config", "demo", "redis_roles")
METHODS = ("match", "fullmatch", "search", "sub", "findall", "finditer", "split")
# Patterns that may take quadratic time, with the reason why their text cannot be long or hostile.
BOUNDED = {
    "<[^>]*>": "sanitised HTML, in which each < begins a tag that ends",
    r"https?://\S+": "the shop's own mails",
    _PARTS.pattern: "the shop's own style sheets, read once at the start",
    r"(.+?)\1+": "a password has few characters (passwords.MAX_LENGTH)",
}


def patterns_of(file: Path) -> Iterator[tuple[re.Pattern[str], str]]:
    """Yield the patterns of a module with the methods that use them."""
    source = file.read_text()
    if "import re\n" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        of = node.func.value
        if not (isinstance(of, ast.Name) and of.id == "re" and node.args):
            continue
        try:
            pattern = re.compile(ast.literal_eval(node.args[0]))
        except (ValueError, TypeError):
            continue  # put together from parts, by code that starts the shop
        if node.func.attr in METHODS:
            yield pattern, node.func.attr
        elif node.func.attr == "compile":
            flags = re.I if "re.I" in ast.unparse(node) else re.S if "re.S" in ast.unparse(node) else 0
            name = next(
                (
                    found[1]
                    for found in re.finditer(r"^(\w+)(?:: [^=]+)? = re\.compile\(", source, re.M)
                    if source[: found.start()].count("\n") + 1 == node.lineno
                ),
                None,
            )
            for method in dict.fromkeys(re.findall(rf"\b{name}\.({'|'.join(METHODS)})\(", source)):
                yield re.compile(pattern.pattern, flags), method


PATTERNS = {
    f"{file.relative_to(ROOT / 'storefront')}: {pattern.pattern[:40]} {method}": (pattern, method)
    for file in sorted((ROOT / "storefront").rglob("*.py"))
    if not set(TRUSTED) & set(file.parts)
    for pattern, method in patterns_of(file)
}


def worst_growth(pattern: re.Pattern[str], method: str, size: int) -> float:
    """Return how many times the steps of the worst text are those of a text a quarter as long."""
    worst, letters = 0.0, letters_of(pattern)
    for first, again in product(("", *letters), letters):
        for body in {again, first + again}:
            costs = [
                Matcher(pattern).run(first + body * (n // len(body)) + "\x00", method)
                for n in (size, 4 * size)
            ]
            worst = max(worst, (costs[1] + 4 * size) / (costs[0] + size))
    return worst


@pytest.mark.parametrize(("pattern", "method"), PATTERNS.values(), ids=PATTERNS)
def test_pattern_takes_linear_time(pattern: re.Pattern[str], method: str) -> None:
    if pattern.pattern not in BOUNDED:
        growth = worst_growth(pattern, method, 16)
        assert growth <= 5, f"grows {growth:.1f} times"


def test_quadratic_and_exponential_patterns_are_found() -> None:
    assert worst_growth(re.compile(r"[^@ ]+@[^@ ]+"), "search", 16) > 8
    assert worst_growth(re.compile(r"(?:a+)+b"), "match", 3) > 50
    assert worst_growth(re.compile(r"a*b*a*c"), "match", 16) <= 20
    assert worst_growth(re.compile(r"[a-z]+@"), "match", 16) <= 5
