"""Stripe's messages, parsed into types: a message that does not fit is refused before it reaches an order.

The fields are those of docs.stripe.com/api/events and of the objects that the events are about.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from storefront.errors import StorefrontError

# PostgreSQL refuses texts with NUL; ids and codes are short.
Text = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
Amount = Annotated[int, Meta(ge=-(2**53), le=2**53)]

PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
FAILED = ("checkout.session.expired", "checkout.session.async_payment_failed")
REFUND = ("refund.created", "refund.updated", "refund.failed")
DISPUTE = (
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
HANDLED = (*PAID, *FAILED, *REFUND, *DISPUTE)


class MalformedMessageError(StorefrontError):
    """A signed message does not have the form that Stripe documents; the text says what is wrong.

    `event_id` is the id of the event, if the message has one.
    """

    status = 400

    def __init__(self, problem: str, event_id: str = "") -> None:
        super().__init__(f"The message is not valid: {problem}. Nothing was changed.")
        self.event_id = event_id


class Subject(Struct, frozen=True):
    """What all objects have. `client_reference_id` and `metadata` name the order."""

    id: Text
    object: Text = ""
    client_reference_id: Text | None = None
    metadata: dict[str, Any] | None = None
    payment_intent: Text | None = None

    @property
    def order_number(self) -> str:
        """The number of the order, as far as the object names it."""
        named = (self.metadata or {}).get("order")
        if self.client_reference_id or not isinstance(named, str):
            return self.client_reference_id or ""
        return named[:16] if named.isascii() and named.isalnum() else ""


class CheckoutSession(Subject, frozen=True):
    """A Checkout session. `amount_total` is in minor units of `currency`."""

    payment_status: Text = ""
    amount_total: Amount | None = None
    currency: Text | None = None


class PaidSession(CheckoutSession, frozen=True, kw_only=True):
    """A Checkout session that is paid."""

    amount_total: Amount
    currency: Text


class Refund(Subject, frozen=True, kw_only=True):
    """A refund, in minor units."""

    amount: Amount
    status: Text | None = None


class Dispute(Subject, frozen=True, kw_only=True):
    """A dispute: the holder of the card wants the money back (docs.stripe.com/disputes)."""

    amount: Amount
    currency: Text
    reason: Text = ""
    status: Text


class StripeMessage(Struct, frozen=True):
    """A message with the object that it is about; `subject` is None if this shop does not handle its kind."""

    id: str
    kind: str
    subject: Subject | None


class _Data(Struct):
    object: msgspec.Raw


class _Envelope(Struct):
    id: Annotated[Text, Meta(min_length=1)]
    type: str
    data: msgspec.Raw = msgspec.Raw(b"{}")


def parse_message(payload: bytes) -> StripeMessage:
    """Parse the body of a message whose signature is valid.

    Raises:
        MalformedMessageError: it does not fit.
    """
    event_id = ""
    try:
        envelope = msgspec.json.decode(payload, type=_Envelope)
        event_id = envelope.id
        if envelope.type not in HANDLED:
            return StripeMessage(envelope.id, envelope.type, None)
        data = msgspec.json.decode(envelope.data, type=_Data)
        return StripeMessage(envelope.id, envelope.type, _parse_subject(envelope.type, data.object))
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise MalformedMessageError(str(error)[:200], event_id) from error


def _parse_subject(kind: str, raw: msgspec.Raw) -> Subject:
    if kind in REFUND:
        return msgspec.json.decode(raw, type=Refund)
    if kind in DISPUTE:
        return msgspec.json.decode(raw, type=Dispute)
    session = msgspec.json.decode(raw, type=CheckoutSession)
    if kind in PAID and session.payment_status == "paid":
        return msgspec.json.decode(raw, type=PaidSession)
    return session
