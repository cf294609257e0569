"""Stripe's events: the endpoint that receives them, and what each does to an order.

Each event counts once, in whatever order events arrive. An event that arrives too early is refused with 409; Stripe
sends it again later. The signature alone proves who sent it: a request from Stripe carries neither cookies nor an
origin, so the check against cross-site requests lets it pass.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, jsonify, request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import rate_limiting, shop_settings
from storefront.actors import Actor, acting_as
from storefront.checkout import order_events, orders
from storefront.checkout.errors import NoSuchOrderError, OrderError, PaymentError
from storefront.checkout.models import Order, Payment
from storefront.checkout.payment import attempts, disputes
from storefront.checkout.payment.cancellation import cancel_if_unpaid
from storefront.checkout.payment.stripe_checkout import StripeCheckout
from storefront.checkout.payment.stripe_messages import (
    FAILED,
    PAID,
    Dispute,
    MalformedMessageError,
    PaidSession,
    Refund,
    Subject,
    parse_message,
)
from storefront.checkout.terms import current_terms
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.money import Money

# Final states of a refund: an event that reports another state after one of these is late.
_FAILED_REFUND_STATES = ("failed", "canceled")

bp = Blueprint("payments", __name__, cli_group=None)


@bp.post("/payments/stripe/events")
@rate_limiting.limit("payment.event")
def stripe_event() -> tuple[Response, int]:
    """Handle an event of Stripe. An event that cannot be handled yet is refused, so that Stripe sends it again."""
    provider = current_terms().providers.get("stripe")
    if not isinstance(provider, StripeCheckout):
        abort(404)
    try:
        message = parse_message(_verified_payload(provider))
    except MalformedMessageError as error:
        return _refuse_malformed(provider.code, error)
    if message.subject is None:
        return jsonify(message="That means nothing to this shop."), 200
    with acting_as(Actor("provider", provider.code)):
        return _answer(provider, message.id, message.kind, message.subject)


def _answer(provider: StripeCheckout, event_id: str, kind: str, subject: Subject) -> tuple[Response, int]:
    number = ""
    try:
        number = _find_order_number(provider, subject)
        is_first = handle_event(provider.code, event_id, kind, number, subject)
    except NoSuchOrderError:
        return jsonify(message="That is about no order of this shop."), 200
    except (OrderError, PaymentError) as error:
        current_app.logger.warning("Stripe's message %s (%s) was refused: %s", event_id, kind, error)
        if kind in PAID and number:
            _note_unbooked(provider.code, number, subject, str(error))
        return jsonify(message=str(error)), 409
    return jsonify(message="Done." if is_first else "That was done before."), 200


def _verified_payload(provider: StripeCheckout) -> bytes:
    """Return the body if Stripe has signed it within the last five minutes (docs.stripe.com/webhooks)."""
    import stripe  # as in stripe_checkout.py

    payload = request.get_data()
    signature = request.headers.get("Stripe-Signature")
    tolerance = stripe.Webhook.DEFAULT_TOLERANCE
    try:
        stripe.WebhookSignature.verify_header(payload, signature, provider.webhook_secret, tolerance)
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        abort(400)  # ValueError: the body is not UTF-8. TypeError: the signature is not ASCII.
    return payload


def _refuse_malformed(provider: str, error: MalformedMessageError) -> tuple[Response, int]:
    """Answer 400, and 200 to a repetition of the same event: it would be as malformed as the first time."""
    current_app.logger.warning("Stripe's message %s was refused: %s", error.event_id or "without id", error)
    answer = jsonify(message=str(error))
    if not error.event_id:
        return answer, 400
    try:
        with write_transaction() as session:
            is_first = attempts.mark_handled(session, provider, f"malformed:{error.event_id}", "malformed")
    except IntegrityError:  # the same event at the same moment
        is_first = False
    return answer, 400 if is_first else 200


def _find_order_number(provider: StripeCheckout, subject: Subject) -> str:
    if not (number := subject.order_number) and isinstance(subject, Refund | Dispute):
        # Disputes, and refunds that staff made on Stripe's own pages, have no metadata.
        number = provider.order_of(subject.payment_intent) if subject.payment_intent else ""
    return number


def handle_event(provider: str, event_id: str, kind: str, number: str, subject: Subject) -> bool:
    """Apply an event to its order, in one transaction.

    Args:
        provider: the code of the provider.
        event_id: the provider's id of the event; each id counts once.
        kind: one of `stripe_messages.HANDLED`.
        number: the number of the order.
        subject: the object that the event is about.

    Returns:
        False if the event was handled before.

    Raises:
        OrderError: the order's state does not allow it, or not yet.
        NoSuchOrderError: the order does not exist.
    """
    with write_transaction() as session:
        # A second copy of the event waits here for the first.
        order = order_events.lock_order(session, number)
        if not attempts.mark_handled(session, provider, event_id, kind):
            return False
        if isinstance(subject, Dispute):
            disputes.record_dispute(session, order, provider, subject)
        elif order.payment != provider:
            _handle_foreign(session, order, provider, subject)
        elif isinstance(subject, Refund):
            _handle_refund(session, provider, number, subject)
        else:
            payment = attempts.find_or_create(session, order, provider, subject.id)
            if isinstance(subject, PaidSession):
                _handle_paid(session, number, payment, subject)
            elif kind in FAILED:
                _handle_failed(session, number, payment)
    return True


def _handle_foreign(session: Session, order: Order, provider: str, subject: Subject) -> None:
    """Note money for an order that is not paid through this provider. Nothing else about it concerns the order."""
    if isinstance(subject, PaidSession) and attempts.mark_handled(
        session, provider, f"unbooked:{subject.id}", "unbooked"
    ):
        text = _(
            "Stripe received %(amount)s for this order, which is not paid through Stripe. It was not recorded. "
            "Refund %(reference)s in Stripe’s dashboard.",
            amount=_amount(subject),
            reference=subject.id,
        )
        orders.add_note(session, order.number, text)


def _note_unbooked(provider: str, number: str, subject: Subject, problem: str) -> None:
    """Note once why a payment was not booked, so that staff can decide about money that Stripe has."""
    with write_transaction() as session:
        order_events.lock_order(session, number)
        if attempts.mark_handled(session, provider, f"unbooked:{subject.id}", "unbooked"):
            text = _(
                "A payment at Stripe was not recorded. %(problem)s Check %(reference)s in Stripe’s dashboard.",
                problem=problem,
                reference=subject.id,
            )
            orders.add_note(session, number, text)


def _amount(paid: PaidSession) -> str:
    return Money(paid.amount_total, paid.currency.upper()).format(shop_settings.current().locale)


def _handle_paid(session: Session, number: str, payment: Payment, paid: PaidSession) -> None:
    """Book a payment. Another amount than that of the attempt is refused: the attempt can still be paid."""
    if payment.state == "paid":
        return
    currency = paid.currency.upper()
    if currency == payment.currency and paid.amount_total < payment.amount:
        due = Money(payment.amount, payment.currency).format(shop_settings.current().locale)
        raise OrderError(_("The amount due is %(due)s, not %(amount)s.", due=due, amount=_amount(paid)))
    payment.state = "paid"
    session.flush()  # the refund of a cancelled order looks for payments in this state
    orders.record_payment(session, number, paid.amount_total, currency, note=payment.reference)


def _handle_failed(session: Session, number: str, payment: Payment) -> None:
    """Cancel the order if its last attempt has failed and nothing was paid in another way."""
    if payment.state != "pending":
        return
    payment.state = "failed"
    session.flush()
    pending = select(Payment.id).where(Payment.order_id == payment.order_id, Payment.state == "pending")
    if session.execute(pending).first() is None:
        cancel_if_unpaid(session, number)


def _handle_refund(session: Session, provider: str, number: str, refund: Refund) -> None:
    """Record a refund once, and its failure once, for any requester and any order of events."""
    reference, amount = refund.id, refund.amount
    is_new = attempts.mark_handled(session, provider, f"refund:{reference}", "refund")
    if refund.status not in _FAILED_REFUND_STATES:
        if is_new:
            orders.record_refund(session, number, amount, note=reference)
    elif attempts.mark_handled(session, provider, f"lost:{reference}", "refund.failed"):
        if is_new:
            text = _(
                "The refund %(reference)s failed. It was not recorded before, so the order stays as it is.",
                reference=reference,
            )
            orders.add_note(session, number, text)
        else:
            orders.record_failed_refund(session, number, amount, note=reference)
