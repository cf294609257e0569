"""Import customers of another shop: accounts without a password, their address, and their consent with its date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.accounts import security_events
from storefront.accounts.customer_files import columns
from storefront.accounts.models import Address, User
from storefront.actors import importing
from storefront.batches import batches
from storefront.extensions import write_transaction
from storefront.mail.email_address import normalize_email
from storefront.postal.address_rules import MAX_LENGTHS
from storefront.postal.countries import MAX_COUNTRY, find_country
from storefront.sheets.cells import clean_text
from storefront.sheets.errors import UnreadableFileError
from storefront.sheets.flags import parse_flag
from storefront.sheets.named_rows import NamedRow, NamedTable, open_named_table
from storefront.sheets.times import parse_time

BATCH = 200
# An account with this hash has no password: no password has it.
NO_PASSWORD = "!"  # noqa: S105  # not a password
_REQUIRED = (columns.EMAIL.casefold(),)
_ORDER_COLUMN = "lineitem name"
_NAMES = {name.casefold(): name for name in columns.HEADER} | columns.SYNONYMS


@dataclass(frozen=True, slots=True)
class ImportedCustomer:
    """A customer of another shop, checked. `address` is empty if the file has none that could be used."""

    email: str
    name: str
    address: Mapping[str, str]
    consent_at: datetime | None
    consent_source: str


@dataclass(slots=True)
class CustomerImportReport:
    """The result: accounts that were created or there already, refused rows, columns that were left out."""

    created: int = 0
    present: int = 0
    refused: list[str] = field(default_factory=list)
    left_out: tuple[str, ...] = ()


def import_customers(
    path: Path,
    *,
    encoding: str | None = None,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> CustomerImportReport:
    """Import the customers of a file. An account that exists already stays as it is.

    Args:
        path: a CSV file with the columns of Shopify's customers export.
        encoding: of the file; None detects it.
        dry_run: check everything, and write nothing.
        progress: called with the number of customers that were looked at so far.

    Raises:
        UnreadableFileError: the file is not a customers export.
    """
    table = open_customers(path, encoding)
    report = CustomerImportReport(left_out=tuple(name for name in table.columns if name not in columns.KNOWN))
    customers = _parse(table, report)
    done = 0
    for batch in batches(customers, BATCH):
        with importing(), write_transaction() as session:
            created = _write(session, batch, dry_run=dry_run)
        report.created += created
        report.present += len(batch) - created
        done += len(batch)
        if progress:
            progress(done)
    return report


def open_customers(path: Path, encoding: str | None) -> NamedTable:
    """Open a customers file; raises UnreadableFileError, also for an orders export, which has e-mails too."""
    table = open_named_table(path, columns.KNOWN, _REQUIRED, what="a customers export", encoding=encoding)
    if _ORDER_COLUMN in table.columns:
        raise UnreadableFileError(
            f"{path} is an orders export, not a customers export. Bring the orders in with: "
            "flask orders import FILE. Export the customers of the other shop to bring them in."
        )
    return table


def read_emails(table: NamedTable) -> Iterator[str]:
    """Yield the addresses of a file, in canonical form; rows without a valid one are left out."""
    with table.rows() as rows:
        for row in rows:
            if email := normalize_email(_cells(row).get(columns.EMAIL, "")):
                yield email


def _parse(table: NamedTable, report: CustomerImportReport) -> Iterator[ImportedCustomer]:
    seen: set[str] = set()
    source = f"import of {table.table.path.name}, {datetime.now(UTC):%Y-%m-%d}"
    with table.rows() as rows:
        for row in rows:
            try:
                customer = _parse_row(row, source[:200])
                if customer.email in seen:
                    raise ValueError("Email: the address stands in this file already")
            except ValueError as error:
                # The reason names the column, not its content: reports are copied into tickets.
                report.refused.append(f"line {row.line}, {error}")
                continue
            seen.add(customer.email)
            yield customer


def _parse_row(row: NamedRow, source: str) -> ImportedCustomer:
    if row.damage:
        raise ValueError(f"the row {row.damage}")
    cells = _cells(row)
    if (email := normalize_email(cells.get(columns.EMAIL, ""))) is None:
        raise ValueError("Email: is not an e-mail address" if cells.get(columns.EMAIL) else "Email: is empty")
    name = clean_text(f"{cells.get(columns.FIRST_NAME, '')} {cells.get(columns.LAST_NAME, '')}", 100)
    agreed, agreed_source = _parse_consent(cells, source)
    return ImportedCustomer(email, name, _parse_address(cells, name), agreed, agreed_source)


def _cells(row: NamedRow) -> dict[str, str]:
    """Return the cells by our headers; the first of two columns with one meaning that is filled in counts."""
    found: dict[str, str] = {}
    for header, cell in row.cells.items():
        name = _NAMES.get(header)
        if name and not found.get(name):
            found[name] = cell.strip()
    return found


def _parse_consent(cells: Mapping[str, str], source: str) -> tuple[datetime | None, str]:
    """Return when the person agreed to news by mail, and how that is known; (None, "") if they did not."""
    cell = cells.get(columns.CONSENT, "")
    try:
        if not cell or not parse_flag(cell):
            return None, ""
    except ValueError as error:
        raise ValueError(f"{columns.CONSENT}: write yes or no") from error
    try:
        agreed = parse_time(cells.get(columns.CONSENT_DATE, ""))
    except ValueError as error:
        raise ValueError(f"{columns.CONSENT_DATE}: is not a time") from error
    if agreed is None:
        return datetime.now(UTC), f"{source}; the file has no date"
    if agreed > datetime.now(UTC):
        raise ValueError(f"{columns.CONSENT_DATE}: is in the future")
    return agreed, source


def _parse_address(cells: Mapping[str, str], person: str) -> Mapping[str, str]:
    address = {
        name: clean_text(cells.get(column, ""), MAX_LENGTHS.get(name, MAX_COUNTRY))
        for name, column in columns.ADDRESS.items()
    }
    country = find_country(address["country"])
    if not (address["line1"] and address["city"] and country):
        return {}
    return address | {"country": country, "name": person or address["company"]}


def _write(session: Session, customers: Sequence[ImportedCustomer], *, dry_run: bool) -> int:
    emails = [customer.email for customer in customers]
    present = set(session.scalars(select(User.email).where(User.email.in_(emails))))
    new = [customer for customer in customers if customer.email not in present]
    if dry_run:
        return len(new)
    users = [
        User(
            email=customer.email,
            password_hash=NO_PASSWORD,
            name=customer.name,
            imported_at=datetime.now(UTC),
            marketing_consent_at=customer.consent_at,
            marketing_consent_source=customer.consent_source,
        )
        for customer in new
    ]
    session.add_all(users)
    session.flush()
    for user, customer in zip(users, new, strict=True):
        security_events.record(session, "account-created", user.id, detail="import")
        if customer.address:
            session.add(Address(user_id=user.id, **customer.address))
    return len(new)
