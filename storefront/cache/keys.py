"""What a key, a TTL and a tag of the cache is made of. The entries and tags of an app are its own."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

# Seconds for which an entry is kept in case its source fails; also the longest time that an answer can be stale.
HARD_TTL = 24 * 3600
# Seconds for which it is cached that something does not exist.
NEGATIVE_TTL = 60
# Seconds for which a process keeps its own values while Redis, which tells it of changes, is down.
OUTAGE_TTL = 10.0


@dataclass(frozen=True, slots=True)
class EntryKind:
    """A kind of entry, with its own counters.

    Attributes:
        name: in counters and settings.
        ttl: the soft TTL in seconds.
        outage_ttl: the same while Redis is down.
    """

    name: str
    ttl: int
    outage_ttl: float = OUTAGE_TTL


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """Something that may be cached.

    Attributes:
        name: what it is, and the version of its form, such as "library:book:v1".
        identity: which one of these.
        kind: for TTL and counters.
    """

    name: str
    identity: str
    kind: EntryKind

    @property
    def key(self) -> str:
        """The key without the app's prefix; a long or unprintable identity is replaced by its digest."""
        plain = self.identity.isascii() and self.identity.isprintable() and " " not in self.identity
        short = self.identity if plain and len(self.identity) <= 80 else digest(self.identity)
        return f"{self.name}:{short}"


def digest(text: str | bytes) -> str:
    """Return the BLAKE2b digest of a text as 22 hexadecimal digits: short, and collisions are out of the question."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return blake2b(data, digest_size=11).hexdigest()


# Pages: whole public responses, by endpoint and the canonical form of the address.


def page(endpoint: str, canonical: str, fingerprint: str, kind: EntryKind) -> CacheEntry:
    """A public response; each build of the app (code, templates, settings) has pages of its own."""
    return CacheEntry(f"page:{endpoint}:{fingerprint}", canonical, kind)


def endpoint_of(entry: CacheEntry) -> str:
    """Return the endpoint whose response a page's entry holds."""
    return entry.name.split(":")[1]


def function(name: str, arguments: str, kind: EntryKind) -> CacheEntry:
    """The result of a function decorated with `cached`, for these arguments."""
    return CacheEntry(f"function:{name}", arguments, kind)


# Tags name what an entry depends on. A write invalidates every entry that carries one of its tags.

EVERYTHING = "everything"  # carried by every entry
STALE = "stale"  # carried by a value built from an old value; such values are not stored
