"""Export the customers as a CSV with Shopify's columns: accounts that are not staff, then guests who bought."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from storefront.accounts import security_events
from storefront.accounts.customer_files import columns
from storefront.accounts.models import Address, User
from storefront.app_state import Hook
from storefront.extensions import db, write_transaction
from storefront.sheets.writer import CsvWriter

BATCH = 500


class Purchases(NamedTuple):
    """What a customer has bought: the money that the shop kept, as a decimal number, and the number of orders."""

    spent: str
    orders: int


class Guest(NamedTuple):
    """A person who bought without an account."""

    email: str
    address: Mapping[str, Any]
    purchases: Purchases


purchases = Hook[[Collection[int]], Mapping[int, Purchases]]("accounts.purchases")
"""Asks the rooms above what these accounts have bought."""
guests = Hook[[], Iterable[Guest]]("accounts.guests")
"""Asks the rooms above who has bought without an account."""


def export_customers(writer: CsvWriter) -> int:
    """Write every customer, record a security event, and return their number. Memory use does not grow with it."""
    with write_transaction() as session:
        security_events.record(session, "data-exported", None, detail="customers")
    writer.write_row(columns.HEADER)
    last = 0
    while batch := _read_batch(last):
        ids = [user.id for user in batch]
        addresses = _read_addresses(ids)
        bought = {user_id: each for found in purchases.fire(ids) for user_id, each in found.items()}
        for user in batch:
            _write(writer, _account_cells(user, addresses.get(user.id)), bought.get(user.id))
        last = ids[-1]
        db.session.expunge_all()
    for found in guests.fire():
        for guest in found:
            name = _name_cells(str(guest.address.get("name", "")))
            _write(
                writer, {columns.EMAIL: guest.email} | name | _address_cells(guest.address), guest.purchases
            )
    return writer.rows - 1


def _write(writer: CsvWriter, cells: dict[str, Any], bought: Purchases | None) -> None:
    cells |= dict(zip(columns.TOTALS, bought or Purchases("0", 0), strict=True))
    writer.write_row(cells.get(name, "") for name in columns.HEADER)


def _read_batch(after: int) -> Sequence[User]:
    query = select(User).where(User.id > after, User.is_staff.is_(False)).order_by(User.id).limit(BATCH)
    return db.session.scalars(query).all()


def _read_addresses(user_ids: Collection[int]) -> dict[int, Mapping[str, Any]]:
    """Return the first address of each account."""
    rows = db.session.scalars(
        select(Address).where(Address.user_id.in_(user_ids)).order_by(Address.id.desc())
    )
    return {row.user_id: {name: getattr(row, name) for name in columns.ADDRESS} for row in rows}


def _account_cells(user: User, address: Mapping[str, Any] | None) -> dict[str, Any]:
    agreed = user.marketing_consent_at
    return {
        columns.CUSTOMER_ID: user.id,
        columns.EMAIL: user.email,
        columns.CONSENT: "yes" if agreed else "no",
        columns.CONSENT_DATE: agreed.isoformat(timespec="seconds") if agreed else "",
        **_name_cells(user.name),
        **_address_cells(address or {}),
    }


def _name_cells(name: str) -> dict[str, str]:
    first, _space, last = name.rpartition(" ")
    return {columns.FIRST_NAME: first or last, columns.LAST_NAME: last if first else ""}


def _address_cells(address: Mapping[str, Any]) -> dict[str, Any]:
    return {column: address.get(name) or "" for name, column in columns.ADDRESS.items()}
