"""Pages that browsers may load before a click: speculation rules for the links of lists and products.

Chromium reads the rules from the file that the header `Speculation-Rules` names, and loads the page of a link while
the pointer rests on it or a finger touches it (https://wicg.github.io/nav-speculation/speculation-rules.html). Such
requests carry `Sec-Purpose: prefetch` and have a rate limit of their own.
"""

from __future__ import annotations

from flask import Blueprint, Response, json, url_for

# Searches are left out: they cost more than other lists. Patterns are relative to the file, so they are right for a
# shop below a path.
_PAGES = ("products", "products\\?*", "products/*", "categories", "categories/*", "collections/*")
_LINKS = (*_PAGES, *(f":language/{page}" for page in _PAGES))
_OTHERS = ("*\\?q=*", "*\\?*&q=*", "admin/*")
RULES = {
    "prefetch": [
        {
            "where": {
                "and": [
                    {"href_matches": list(_LINKS)},
                    {"not": {"href_matches": list(_OTHERS)}},
                    {"not": {"selector_matches": "[rel~=nofollow]"}},
                ]
            },
            "eagerness": "moderate",
        }
    ]
}
MAX_AGE = 86400  # seconds


def register(bp: Blueprint) -> None:
    """Register the file with the rules, and the header that names it on this blueprint's pages."""

    @bp.get("/speculation-rules.json")
    def speculation_rules() -> Response:
        return Response(
            json.dumps(RULES),
            mimetype="application/speculationrules+json",
            headers={"Cache-Control": f"public, max-age={MAX_AGE}"},
        )

    @bp.after_request
    def name_rules(response: Response) -> Response:
        if response.status_code == 200 and response.mimetype == "text/html":
            response.headers["Speculation-Rules"] = f'"{url_for("catalog.speculation_rules")}"'
        return response
