"""/.well-known/security.txt (RFC 9116): the contact for reports of vulnerabilities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask, Response

# The RFC recommends less than a year. Each response states a new date.
_VALIDITY = timedelta(days=180)


def init_app(app: Flask) -> None:
    """Register the page, if SECURITY_CONTACT is set."""
    contact, hosts = app.config["SECURITY_CONTACT"], app.config["TRUSTED_HOSTS"]
    if not contact:
        return

    @app.get("/.well-known/security.txt")
    def security_txt() -> Response:
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        lines = [f"Contact: {contact}", f"Expires: {midnight + _VALIDITY:%Y-%m-%dT%H:%M:%SZ}"]
        if hosts and not hosts[0].startswith("."):
            lines.append(f"Canonical: https://{hosts[0]}/.well-known/security.txt")
        text = "".join(f"{line}\r\n" for line in lines)
        return Response(text, mimetype="text/plain", headers={"Cache-Control": "public, max-age=86400"})
