"""Read and write Shopify's file of redirects: the columns `Redirect from` and `Redirect to`.

A row that cannot be used is refused with its line; all others go in. No redirect leads to another site, or in a
circle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import select

from storefront.batches import batches
from storefront.catalog.models import AddressRedirect
from storefront.catalog.moved_addresses import MAX_REDIRECTS, redirect_key
from storefront.catalog.slugs import PLAIN
from storefront.extensions import db, write_transaction
from storefront.sheets.cells import unescape_formula
from storefront.sheets.errors import UnreadableFileError
from storefront.sheets.headers import fold_header
from storefront.sheets.table import open_table
from storefront.sheets.writer import CsvWriter

HEADER = ("Redirect from", "Redirect to")
_FROM, _TO = frozenset(("redirect from", "from", "path")), frozenset(("redirect to", "to", "target"))
MAX_KEY_BYTES = 2000  # what PostgreSQL's index takes, with room to spare
_MAX_TARGET = 2000
_BATCH = 500


@dataclass(slots=True)
class RedirectReport:
    """What an import did, or a dry run would do.

    Attributes:
        refused: (line, reason) of rows that were not used.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def import_file(path: Path, *, hosts: Collection[str], dry_run: bool = False) -> RedirectReport:
    """Add the redirects of a file; one at the same path takes the new target.

    Args:
        path: the file.
        hosts: the shop's own; a target may name one of them.
        dry_run: change nothing.

    Raises:
        UnreadableFileError: it is not a file of redirects.
    """
    report = RedirectReport()
    given = _read(path, hosts, report)
    known = {
        row.path: row.target
        for row in db.session.execute(select(AddressRedirect.path, AddressRedirect.target))
    }
    db.session.rollback()
    for key in _find_circles(given, known):
        line, _ = given.pop(key)
        report.refused.append(
            (line, f"{key} would lead in a circle, or over more than {MAX_REDIRECTS} redirects")
        )
    report.refused.sort()
    wanted = {key: target for key, (_, target) in given.items() if known.get(key) != target}
    report.changed = sum(key in known for key in wanted)
    report.added, report.unchanged = len(wanted) - report.changed, len(given) - len(wanted)
    if not dry_run:
        for keys in batches(wanted, _BATCH):
            with write_transaction() as session:
                for key in keys:
                    session.merge(AddressRedirect(path=key, target=wanted[key]))
    return report


def remove(paths: Sequence[str]) -> int:
    """Remove the redirects at these paths; return how many there were."""
    removed = 0
    for keys in batches(dict.fromkeys(map(redirect_key, paths)), _BATCH):
        with write_transaction() as session:
            query = select(AddressRedirect).where(AddressRedirect.path.in_(keys))
            for row in session.execute(query).scalars():
                session.delete(row)
                removed += 1
    return removed


def read_paths(path: Path) -> list[str]:
    """Return the paths in the first column of a file of redirects.

    Raises:
        UnreadableFileError: it is not a file of redirects.
    """
    return [start for _, start, _, damage in _rows(path, RedirectReport()) if not damage]


def export(writer: CsvWriter) -> int:
    """Write all redirects in the order of their paths; return how many."""
    writer.write_row(HEADER)
    query = select(AddressRedirect.path, AddressRedirect.target).order_by(AddressRedirect.path)
    for row in db.session.execute(query.execution_options(yield_per=1000)):
        writer.write_row((quote(row.path, safe="/" + PLAIN), row.target))
    return writer.rows - 1


def _read(path: Path, hosts: Collection[str], report: RedirectReport) -> dict[str, tuple[int, str]]:
    """Return the usable redirects of a file: path → (line, target)."""
    given: dict[str, tuple[int, str]] = {}
    for line, start, end, damage in _rows(path, report):
        report.rows += 1
        try:
            if damage:
                raise ValueError(damage)
            key, target = _parse_start(start), _parse_target(end, hosts)
            if key == redirect_key(urlsplit(target).path):
                raise ValueError(f"{start} leads to itself; capitals make no difference")
            if key in given and given[key][1] != target:
                raise ValueError(f"{start} leads to {given[key][1]} by line {given[key][0]} already")
        except ValueError as error:
            report.refused.append((line, str(error)))
            continue
        given.setdefault(key, (line, target))
    return given


def _rows(path: Path, report: RedirectReport) -> Iterator[tuple[int, str, str, str]]:
    """Yield line, both cells and the damage of each row."""
    table = open_table(
        path, score_header=lambda header: sum(fold_header(name) in _FROM | _TO for name in header)
    )
    names = [fold_header(name) for name in table.header]
    columns = [next((n for n, name in enumerate(names) if name in known), None) for known in (_FROM, _TO)]
    start, end = columns
    if start is None or end is None:
        raise UnreadableFileError(
            f"{path} is not a file of redirects: it needs the columns {HEADER[0]!r} and {HEADER[1]!r}. "
            f"Its header is: {', '.join(table.header[:10])}."
        )
    with table.rows() as rows:
        for row in rows:
            one, other = (unescape_formula(row.cells[n]).strip() for n in (start, end))
            yield row.line, one, other, row.damage
    report.notes = table.notes


def _parse_start(cell: str) -> str:
    """Return the key of an address that redirects, which may be a whole URL of the earlier shop.

    Raises:
        ValueError: it is not a path of a shop; the text says why.
    """
    parts = urlsplit(cell)
    if not cell or (not cell.startswith("/") and parts.scheme not in ("http", "https")):
        raise ValueError(f"{cell!r} is not an address: write a path, for example '/products/old'")
    if parts.query:
        raise ValueError(f"{cell} has a query: redirects go by the path alone")
    key = redirect_key(parts.path)
    if key == "/":
        raise ValueError("the front page cannot lead elsewhere")
    if len(key.encode()) > MAX_KEY_BYTES or len(key) > MAX_KEY_BYTES // 2 or not key.isprintable():
        raise ValueError("the address is longer than 1,000 characters, or has invisible ones")
    return key


def _parse_target(cell: str, hosts: Collection[str]) -> str:
    """Return the target as a percent-encoded path with its query and fragment.

    Raises:
        ValueError: it is another site, or not an address; the text says why.
    """
    parts = urlsplit(cell)
    if parts.scheme or parts.netloc:
        if parts.scheme not in ("http", "https") or not _is_own(parts.hostname or "", hosts):
            raise ValueError(f"{cell} is on another site; a redirect leads to a path of this shop only")
    elif not cell.startswith("/"):
        raise ValueError(f"{cell!r} is not an address: write a path, for example '/products/new'")
    path = quote(unquote(parts.path or "/"), safe="/" + PLAIN)
    if path.startswith("//") or "\\" in cell or not cell.isprintable():
        raise ValueError(f"{cell!r} is not an address of this shop")
    target = path
    for mark, part in (("?", parts.query), ("#", parts.fragment)):
        target += mark + quote(unquote(part) if "%" not in part else part, safe="/?%" + PLAIN) if part else ""
    if len(target) > _MAX_TARGET:
        raise ValueError(f"the target is longer than {_MAX_TARGET:,} characters")
    return target


def _is_own(host: str, hosts: Collection[str]) -> bool:
    """Return whether a host is one of TRUSTED_HOSTS; an entry that begins with a dot allows all subdomains."""
    return any(host == own.lstrip(".") or (own.startswith(".") and host.endswith(own)) for own in hosts)


def _find_circles(given: dict[str, tuple[int, str]], known: dict[str, str]) -> list[str]:
    """Return the new paths that lead in a circle or over too many redirects, if those known before stay."""
    bad = []
    for key in given:
        at = key
        for _ in range(MAX_REDIRECTS):
            target = given[at][1] if at in given else known.get(at)
            if target is None:
                break
            at = redirect_key(urlsplit(target).path)
        else:
            bad.append(key)
    return bad
