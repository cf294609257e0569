"""Invoices, paid by bank transfer: staff watch the bank account and record each payment.

As `checkout.toml` writes it:

    [invoice]
    name = "Invoice, by bank transfer"
    about = "You have 14 days."
    instructions = ["Please pay within 14 days to:", "IBAN DE02 1203 0000 0000 2020 51"]
    offered = true
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from storefront import i18n, shop_settings
from storefront.checkout.order_states import INVOICE
from storefront.checkout.order_view import OrderView
from storefront.checkout.term_errors import TermError
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.shop_settings.current_settings import translate
from storefront.shop_settings.translated_texts import PAYMENT

_KEYS = {"name", "about", "instructions", "offered"}


@dataclass(frozen=True, slots=True)
class Invoice:
    """Payment by bank transfer, with the texts of the terms. `own_lines` are the payment instructions."""

    own_name: str
    own_about: str
    own_lines: tuple[str, ...]
    code: str = INVOICE
    origin: str = ""
    refunds_automatically: bool = False

    @property
    def name(self) -> str:
        """The name in the present language."""
        return translate(PAYMENT, f"{self.code}.name", str(self.own_name))

    @property
    def about(self) -> str:
        """The sentence for shoppers in the present language."""
        return translate(PAYMENT, f"{self.code}.about", str(self.own_about), exact=True)

    @property
    def lines(self) -> list[str]:
        """The payment instructions in the present language.

        A translation of earlier ones is left out: it may name another bank account.
        """
        text = translate(PAYMENT, f"{self.code}.lines", self._joined_lines, exact=True)
        return text.split("\n") if text else []

    def own_texts(self) -> dict[str, str]:
        """Return the texts in the shop's own language, by their fields."""
        texts = {"name": str(self.own_name), "about": str(self.own_about), "lines": self._joined_lines}
        return {f"{self.code}.{part}": text for part, text in texts.items()}

    @property
    def _joined_lines(self) -> str:
        return "\n".join(map(str, self.own_lines))

    def begin(self, order: OrderView, back: str) -> str:  # noqa: ARG002  # of the protocol
        """Return nothing: the order's own page says how to pay."""
        return ""

    def instructions(self, order: OrderView) -> tuple[str, ...]:
        """Return the amount, the payment reference, and the configured lines."""
        due = order.due.format(i18n.shop_locale())
        return (
            _("Amount: %(amount)s", amount=due),
            _("Reference: %(number)s", number=order.number),
            *self.lines,
        )

    def refund(self, order: OrderView, amount: int, key: str) -> str:  # noqa: ARG002  # of the protocol
        """Return the key as the id of the refund: staff transfer the money themselves."""
        return key

    def abandon(self, order: OrderView) -> bool:  # noqa: ARG002  # of the protocol
        """Return False: a bank transfer cannot be prevented; staff refund it."""
        return False


def payment_time() -> timedelta | None:
    """Return how long an order by invoice waits for its payment; None if it never expires."""
    days: int = shop_settings.current().invoice_days
    return timedelta(days=days) if days else None


def payment_end() -> datetime | None:
    """Return when an order that is placed now expires unless it is paid; None if it never does."""
    time = payment_time()
    return datetime.now(UTC) + time if time else None


def is_offered(terms: Mapping[str, Any]) -> bool:
    """Return whether new orders may be paid by invoice, by terms that `read_invoice_terms` accepts."""
    return bool(terms.get("invoice", {}).get("offered", True))


def read_invoice_terms(terms: Mapping[str, Any], *, has_demo_terms: bool) -> Invoice | None:
    """Return the invoice terms of the shop; None if it does not offer invoices and has no bank details.

    Bank details that stay while invoices are no longer offered serve the orders that were placed before.

    Raises:
        TermError: the terms are not valid, or missing and not for the demo; the text says why.
    """
    table = terms.get("invoice", {})
    if not isinstance(table, dict):
        raise TermError("write what invoices say as a table [invoice].")
    if unknown := set(table) - _KEYS:
        raise TermError(f"[invoice] has no {sorted(unknown)[0]!r}.")
    if not isinstance(table.get("offered", True), bool):
        raise TermError("offered of [invoice] must be true or false.")
    lines = table.get("instructions", [])
    if not isinstance(lines, list) or not all(isinstance(line, str) and len(line) <= 200 for line in lines):
        raise TermError(
            'instructions of [invoice] must be a list of lines, such as ["IBAN …"].',
            field="instructions",
            sentence=_("Use up to 200 characters a line."),
        )
    name, about = table.get("name", "-"), table.get("about", "")
    if not all(isinstance(text, str) and len(text) <= 200 for text in (name, about)) or not name.strip():
        raise TermError(
            "name and about of [invoice] must be text of up to 200 letters.",
            field="about" if isinstance(name, str) and 1 <= len(name.strip()) <= 200 else "name",
            sentence=_("Enter a text of up to 200 letters."),
        )
    has_details = any(line.strip() for line in lines)
    if not is_offered(terms) and not has_details:
        return None
    if not has_demo_terms and not has_details:
        raise TermError(
            "[invoice] does not say where to pay. Write "
            'instructions = ["IBAN …"], or offered = false to take no orders by invoice.',
            field="instructions",
            sentence=_("Enter where to pay, such as your bank and IBAN, or do not offer payment by invoice."),
        )
    return Invoice(
        own_name=name.strip() if "name" in table else lazy_gettext("Invoice"),
        own_about=about
        if "about" in table
        else lazy_gettext("Pay by bank transfer. You see the bank details when you have ordered."),
        own_lines=tuple(lines)
        if "instructions" in table
        else (lazy_gettext("[The shop’s bank details: enter them in the settings]"),),
    )
