"""The OpenAPI 3.1 document, built from the declarations of the operations."""

from __future__ import annotations

import inspect
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Flask
from werkzeug.routing import Rule

from storefront import shop_settings
from storefront.api.operations import COMMON_ERRORS, Operation, Parameter
from storefront.api.problems import MEDIA_TYPE
from storefront.api.schemas import Problem
from storefront.api.state import state
from storefront.web.permissions import SCOPES

_REF = "#/components/schemas/{name}"
_ID = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
# No dot segments, which clients resolve before a request (RFC 3986, 5.2.4), and no characters outside our URLs.
_PATH = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-.0-~]+$"}
_DESCRIPTION = (
    "The same shop for programs. Reading the catalogue needs no token. Amounts are in minor units, and every "
    "error is a problem (RFC 9457)."
)


def document(app: Flask) -> dict[str, Any]:
    """Return the document. All but its title is built once in each process."""
    api = state.get(app)
    if api.document is None:
        api.document = _build(app)
    return {**api.document, "info": {"title": shop_settings.current().name, **api.document["info"]}}


def _build(app: Flask) -> dict[str, Any]:
    rules: list[tuple[Rule, Operation]] = [
        (rule, found)
        for rule in app.url_map.iter_rules()
        if (found := getattr(app.view_functions[rule.endpoint], "operation", None)) is not None
    ]
    types = {t for _, found in rules for t in (found.response, found.body) if t is not None} | {Problem}
    ordered = sorted(types, key=lambda t: t.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    refs = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for rule, found in rules:
        method = next(m for m in sorted(rule.methods or ()) if m not in ("HEAD", "OPTIONS")).lower()
        view = app.view_functions[rule.endpoint]
        paths.setdefault(_path_template(rule), {})[method] = _operation(
            rule, found, inspect.getdoc(view) or "", refs
        )
    return {
        "openapi": "3.1.0",
        "info": {"version": "1", "description": _DESCRIPTION},
        "servers": [{"url": app.config["PREFIX"] or "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _scopes()}},
        },
    }


def _operation(rule: Rule, found: Operation, description: str, refs: dict[Any, Any]) -> dict[str, Any]:
    errors = {*COMMON_ERRORS, 401, *found.errors, *((403,) if found.scope else ())}
    about: dict[str, Any] = {
        "operationId": rule.endpoint.split(".")[-1],
        "summary": found.summary,
        "description": description + (f" Scope: `{found.scope}`." if found.scope else ""),
        "security": [{"token": []}] if found.scope else [{}, {"token": []}],
        "parameters": [*map(_path_parameter, sorted(rule.arguments)), *map(_parameter, found.parameters)],
        "responses": {
            str(found.status): _success(found, refs),
            **{str(status): _problem_response(status, refs[Problem]) for status in sorted(errors)},
        },
    }
    if found.body is not None:
        about["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": refs[found.body]}},
        }
    elif found.files:
        file = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
        about["requestBody"] = {"required": True, "content": dict.fromkeys(found.files, file)}
    return about


def _success(found: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {"description": HTTPStatus(found.status).phrase}
    if found.status == 201:
        address = {"schema": {"type": "string"}, "description": "The address of what was created."}
        about["headers"] = {"Location": address}
    if found.response is not None:
        about["content"] = {"application/json": {"schema": refs[found.response]}}
    return about


def _path_template(rule: Rule) -> str:
    return "".join(f"{{{text}}}" if dynamic else text for dynamic, text in rule._trace if text != "|")


def _path_parameter(name: str) -> dict[str, Any]:
    schema = _ID if name.endswith("_id") else _PATH
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    about = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "schema": parameter.schema,
    }
    if parameter.schema.get("type") == "array":
        about |= {"style": "form", "explode": parameter.repeated}
    return about | {"description": parameter.description}


def _problem_response(status: int, schema: Any) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}


def _scopes() -> str:
    return "Scopes: " + "; ".join(f"`{name}`: {meaning}" for name, meaning in SCOPES.items()) + "."
