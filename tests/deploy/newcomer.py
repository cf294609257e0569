"""A person who follows a deployment guide, and what shoppers then get from the servers."""

from __future__ import annotations

import json
import urllib.parse

from tests.deploy.hosts import Host, blocks

PAGES = ("/", "/products", "/products?page=2")


class Newcomer:
    """Types the commands of a guide, with the values of the test's servers instead of the guide's examples."""

    def __init__(self, guide: str, servers: dict[str, Host], values: dict[str, str]) -> None:
        self._guide, self._servers, self._values = guide, servers, values
        self._used: set[str] = set()
        self._typed: list[str] = []

    def follow(self, heading: str, *, on: str = "one two witness server") -> str:
        """Type the commands below a heading that are for these servers; return what the last one printed."""
        printed = ""
        for names, lines in blocks(self._guide, heading):
            self._typed.append(lines)
            for old, new in self._values.items():
                if old in lines:
                    lines = lines.replace(old, new)
                    self._used.add(old)
            for name in (name for name in names if name in on.split()):
                printed = self._servers[name].type(lines)
        return printed

    def untyped(self) -> list[str]:
        """Return the commands of the guide that were not typed yet."""
        return [lines for _, lines in blocks(self._guide) if lines not in self._typed]

    def unused(self) -> set[str]:
        """Return the values that stood nowhere in what was typed."""
        return set(self._values) - self._used


def status(host: Host, path: str, *options: str) -> str:
    """Return the status that the nginx of this server answers."""
    words = " ".join(f"'{option}'" for option in options)
    asked = host.run(f"curl -sS -o page -w '%{{http_code}}' {words} 'https://shop.example{path}'")
    return asked.stdout + asked.stderr


def pages(host: Host) -> list[str]:
    """Return the statuses that the nginx of this server answers for public pages."""
    return [status(host, page) for page in PAGES]


def basket(host: Host, sku: str) -> str:
    """Put something into a basket, and return the status."""
    form = urllib.parse.urlencode({"sku": sku, "quantity": 1})
    return status(host, "/cart/lines", "--data", form, "-H", "Origin: https://shop.example")


def sql(host: Host, statement: str) -> str:
    """Return what the shop's database on this server answers."""
    return host.type(f'runuser -u postgres -- psql -d shop -tAc "{statement}"').strip()


def complaints(host: Host) -> list[str]:
    """Return the doctor's sentences about everything that is not well, but for the steps that merchants take."""
    found = json.loads(host.type("storefront doctor --no-front --json"))["findings"]
    bad = [one for one in found if one["level"] != "ok" and not one["about"].startswith("step ")]
    return [one["sentence"] for one in bad]
