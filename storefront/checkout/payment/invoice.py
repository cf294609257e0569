"""Invoice, paid by bank transfer: complete by itself. People look at the account and write down what has come in.

In `checkout.toml`:

    [invoice]
    name = "Invoice, by bank transfer"
    about = "You have 14 days."
    instructions = ["Please pay within 14 days to:", "IBAN DE02 1203 0000 0000 2020 51"]
    offered = true
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

from storefront.checkout.queries import OrderView
from storefront.errors import ConfigurationError

_KNOWN = {"name", "about", "instructions", "offered"}


@dataclass(frozen=True, slots=True)
class Invoice:
    """Pays nothing by itself: says where to."""

    name: str
    about: str
    lines: tuple[str, ...]
    code: str = "invoice"
    origin: str = ""
    gives_back: bool = False

    def begin(self, order: OrderView, back: str) -> str:  # noqa: ARG002  # the interface's
        """Return nothing: the order's page says how to pay."""
        return ""

    def instructions(self, order: OrderView) -> tuple[str, ...]:
        """Return how much, where to, and what to write on it."""
        due = order.due.format(current_app.config["LOCALE"])
        return (f"Amount: {due}", f"Reference: {order.number}", *self.lines)

    def refund(self, order: OrderView, amount: int, key: str) -> str:  # noqa: ARG002  # the interface's
        """Return the key: people transfer the money, and this is written down once."""
        return key

    def abandon(self, order: OrderView) -> bool:  # noqa: ARG002  # the interface's
        """Return False: who pays all the same gets it refunded."""
        return False


def read_invoice_terms(terms: Mapping[str, Any]) -> Invoice | None:
    """Return what the configuration says; None if it does not offer it.

    Raises:
        ConfigurationError: something in it cannot be used; the text says what.
    """
    table = terms.get("invoice", {})
    if not isinstance(table, dict):
        raise ConfigurationError("checkout.toml: write what invoices say as a table [invoice].")
    if unknown := set(table) - _KNOWN:
        raise ConfigurationError(f"checkout.toml: [invoice] has no {sorted(unknown)[0]!r}.")
    lines = table.get("instructions", ["We write to you where to transfer it to."])
    if not isinstance(lines, list) or not all(isinstance(line, str) and len(line) <= 200 for line in lines):
        raise ConfigurationError(
            'checkout.toml: instructions of [invoice] must be a list of lines, such as ["IBAN …"].'
        )
    name, about = (
        table.get("name", "Invoice"),
        table.get("about", "By bank transfer, once you have the order."),
    )
    if not all(isinstance(text, str) and len(text) <= 200 for text in (name, about)) or not name.strip():
        raise ConfigurationError(
            "checkout.toml: name and about of [invoice] must be text of up to 200 letters."
        )
    return Invoice(name.strip(), about, tuple(lines)) if table.get("offered", True) is True else None
