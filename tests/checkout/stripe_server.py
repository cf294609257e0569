"""A local server with the part of Stripe's API that the shop uses: Checkout sessions, refunds, idempotency keys."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SECRET = "whsec_only_for_tests"
KEY = "sk_test_only_for_tests"
_KEY_REUSED = {
    "error": {"type": "idempotency_error", "message": "The key was used with other parameters before."}
}


class StripeAccount:
    """A Stripe account: its sessions and refunds, and hooks that run during a request."""

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}
        self.refunds: list[dict[str, Any]] = []
        self.unavailable = False
        self.meanwhile: Callable[[], None] = lambda: None
        self.refunded: Callable[[], None] = lambda: None
        self._answers: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self.url = ""

    def answer(self, method: str, path: str, form: dict[str, str], key: str) -> tuple[int, dict[str, Any]]:
        if self.unavailable:
            return 500, {"error": {"type": "api_error", "message": "We are away."}}
        self.meanwhile()
        with self._lock:
            if key and key in self._answers:
                asked, made = self._answers[key]
                return (200, made) if asked == form else (400, _KEY_REUSED)
            status, made = self._do(method, path.strip("/").split("/")[1:], form)
            if key and status == 200:
                self._answers[key] = form, made
            return status, made

    def complete_payment(self, reference: str) -> dict[str, Any]:
        """Complete the payment of a session, as a shopper does on Stripe's page; return the session."""
        session = self.sessions[reference]
        session |= {"status": "complete", "payment_status": "paid", "payment_intent": f"pi_{reference}"}
        return session

    def _do(self, method: str, path: list[str], form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        match method, path:
            case "POST", ["checkout", "sessions"]:
                return 200, self._open(form)
            case "GET", ["checkout", "sessions"]:
                found = [s for s in self.sessions.values() if s["payment_intent"] == form["payment_intent"]]
                return 200, {
                    "object": "list",
                    "data": found,
                    "has_more": False,
                    "url": "/v1/checkout/sessions",
                }
            case "GET", ["checkout", "sessions", reference]:
                return 200, self.sessions[reference]
            case "POST", ["checkout", "sessions", reference, "expire"]:
                if self.sessions[reference]["status"] != "open":
                    return 400, _invalid_request("Only open sessions can be expired.")
                self.sessions[reference]["status"] = "expired"
                return 200, self.sessions[reference]
            case "POST", ["refunds"]:
                return self._refund(form)
        return 404, _invalid_request(f"{method} {path} is not known here.")

    def _open(self, form: dict[str, str]) -> dict[str, Any]:
        lines = [place for place in range(100) if f"line_items[{place}][quantity]" in form]
        unit = "line_items[{}][price_data][unit_amount]"
        total = sum(int(form[f"line_items[{n}][quantity]"]) * int(form[unit.format(n)]) for n in lines)
        reference = f"cs_test_{len(self.sessions)}"
        self.sessions[reference] = {
            "id": reference,
            "object": "checkout.session",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "amount_total": total,
            "currency": form["line_items[0][price_data][currency]"],
            "client_reference_id": form["client_reference_id"],
            "metadata": {"order": form["metadata[order]"]},
            "customer_email": form["customer_email"],
            "success_url": form["success_url"],
            "cancel_url": form["cancel_url"],
            "expires_at": int(form["expires_at"]),
            "url": f"{self.url}/pay/{reference}",
        }
        return self.sessions[reference]

    def _refund(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        session = next(s for s in self.sessions.values() if s["payment_intent"] == form["payment_intent"])
        before = sum(r["amount"] for r in self.refunds if r["payment_intent"] == form["payment_intent"])
        if before + int(form["amount"]) > session["amount_total"]:
            return 400, _invalid_request("Refund amount is greater than the unrefunded amount on the charge.")
        made = {
            "id": f"re_{len(self.refunds)}",
            "object": "refund",
            "amount": int(form["amount"]),
            "status": "succeeded",
            "payment_intent": form["payment_intent"],
            "metadata": {"order": form.get("metadata[order]", "")},
        }
        self.refunds.append(made)
        self.refunded()
        return 200, made


@contextmanager
def stripe_api() -> Iterator[StripeAccount]:
    """Serve Stripe's API on a free port of the loopback interface."""
    account = StripeAccount()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.startswith("/pay/"):
                self._send(200, b"<!doctype html><title>Pay</title><h1>Pay here</h1>", "text/html")
                return
            self._json("GET", parts.path, dict(parse_qsl(parts.query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._json("POST", self.path, dict(parse_qsl(body, keep_blank_values=True)))

        def _json(self, method: str, path: str, form: dict[str, str]) -> None:
            if self.headers.get("Authorization") != f"Bearer {KEY}":
                status, said = 401, _invalid_request("Invalid API Key provided")
            else:
                status, said = account.answer(method, path, form, self.headers.get("Idempotency-Key", ""))
            self._send(status, json.dumps(said).encode(), "application/json")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    account.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield account
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sign_event(
    event: dict[str, Any], *, secret: str = SECRET, at: float | None = None
) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of an event, signed as Stripe signs it (docs.stripe.com/webhooks#verify-manually)."""
    body, moment = json.dumps(event).encode(), int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"Stripe-Signature": f"t={moment},v1={digest}", "Content-Type": "application/json"}


def _invalid_request(message: str) -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "message": message}}
