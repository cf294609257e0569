"""/api/v1/openapi.json, and the same as a page at /api/v1/docs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, render_template

from storefront import cache, rate_limiting
from storefront.api import openapi
from storefront.api.operations import public_response
from storefront.i18n import gettext as _
from storefront.shop_cache import keys

bp = Blueprint("api_docs", __name__, url_prefix="/api/v1")


@bp.get("/openapi.json")
@rate_limiting.limit("api")
@cache.public_page(keys.CATEGORY)
def document() -> Response:
    """The OpenAPI document."""
    return public_response(openapi.document(current_app))


@bp.get("/docs")
@rate_limiting.limit("api")
@cache.public_page(keys.CATEGORY)
def docs() -> str:
    """The document as a page. It loads nothing from other sites and needs no JavaScript."""
    described = openapi.document(current_app)
    schemas = {name: _list_members(schema) for name, schema in described["components"]["schemas"].items()}
    return render_template("api/docs.html", described=described, schemas=schemas)


def _list_members(schema: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the members of an object: name, type, and "required" or an empty text."""
    required = schema.get("required", [])
    members = schema.get("properties", {}).items()
    return [(name, _type_name(about), _("required") if name in required else "") for name, about in members]


def _type_name(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "anyOf" in schema:
        return _(" or ").join(map(_type_name, schema["anyOf"]))
    if "enum" in schema:
        return _(" or ").join(f"“{value}”" for value in schema["enum"])
    if schema.get("type") == "array":
        return _("list of %(type)s", type=_type_name(schema.get("items", {})))
    return str(schema.get("type", _("anything")))
