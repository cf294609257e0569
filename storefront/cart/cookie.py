"""The cart's own cookie: a signed token, independent of the session, that lives for a year.

Two simultaneous first additions of a browser create two carts, since neither request has a cookie. Their responses
set the same cookie, and the browser keeps one of them. So each also sets a short-lived sibling cookie under a name of
its own, and the next request merges the carts (`merge.merge_siblings`).
"""

from __future__ import annotations

from hashlib import blake2b

from flask import Response, current_app, request
from itsdangerous import BadSignature

from storefront.web import cookies, signing

MAX_AGE = 365 * 24 * 3600  # seconds
SIBLING_MAX_AGE = 600  # seconds; longer than any pause between two clicks that may meet
MAX_SIBLINGS = 8  # that one request merges; the rest follow with the next request
CART_COOKIE = _SALT = "cart"
# Keys in the WSGI environment: the request's token, whether the response has to set the cookie, the token of a new
# anonymous cart, and the names of cookies that the response deletes.
_TOKEN_KEY, _COOKIE_DUE_KEY = "storefront.cart.token", "storefront.cart.due"
_NEW_KEY, _USED_KEY = "storefront.cart.new", "storefront.cart.used"


def read_token() -> str:
    """Return the token of this request; empty without a cookie, or if its signature is not ours."""
    if _TOKEN_KEY not in request.environ:
        app, environ = current_app, request.environ
        token = _verify(cookies.read(app, environ, CART_COOKIE))
        if not token and (token := _verify(cookies.read_former(app, environ, CART_COOKIE))):
            environ[_COOKIE_DUE_KEY] = True  # from now on under the present name
        environ[_TOKEN_KEY] = token
    return str(request.environ[_TOKEN_KEY])


def set_token(token: str, *, is_new: bool = False) -> None:
    """Give this browser a cart's token: `set_cookie` puts it on the response.

    Args:
        token: the cart's token.
        is_new: whether the cart is a new one of an anonymous visitor.
    """
    request.environ[_TOKEN_KEY] = token
    request.environ[_COOKIE_DUE_KEY] = True
    request.environ[_NEW_KEY] = token if is_new else ""


def clear_token() -> None:
    """Delete the cookie with this response."""
    set_token("")


def find_siblings() -> dict[str, str]:
    """Return the tokens of this browser's other carts, by the name of the cookie: it may have been lost once."""
    sent, environ = request.environ.get("HTTP_COOKIE", ""), request.environ
    found = {}
    sibling = f"{cookies.name_of(current_app, environ, CART_COOKIE)}."
    if sibling in sent:
        found = {name: value for name, value in request.cookies.items() if name.startswith(sibling)}
    if former := cookies.read_former(current_app, environ, CART_COOKIE):
        found[cookies.former_name(current_app, environ, CART_COOKIE)] = former
    known = read_token()
    tokens = {name: _verify(value) for name, value in found.items()}
    others = {name: token for name, token in tokens.items() if token and token != known}
    return dict(list(others.items())[:MAX_SIBLINGS])


def forget(names: list[str]) -> None:
    """Delete these cookies with this response: their carts are merged."""
    request.environ[_USED_KEY] = names


def set_cookie(response: Response) -> Response:
    """Set or delete the cookies on the response if this request changed the token."""
    environ = request.environ
    flags = cookies.attributes(current_app, environ)
    for used in environ.pop(_USED_KEY, ()):
        # Cookies of earlier versions have the path /.
        response.delete_cookie(used, httponly=True, **flags | ({} if "." in used else {"path": "/"}))
    if not environ.pop(_COOKIE_DUE_KEY, False):
        return response
    name = cookies.name_of(current_app, environ, CART_COOKIE)
    if not read_token():
        response.delete_cookie(name, httponly=True, **flags)
        if _verify(cookies.read_former(current_app, environ, CART_COOKIE)):
            cookies.delete_former(current_app, environ, CART_COOKIE, response)
        return response
    value = signing.create_serializer(current_app, _SALT).dumps(read_token())
    response.set_cookie(name, value, max_age=MAX_AGE, httponly=True, **flags)
    if new := environ.get(_NEW_KEY):
        sibling = f"{name}.{blake2b(new.encode(), digest_size=4).hexdigest()}"
        response.set_cookie(sibling, value, max_age=SIBLING_MAX_AGE, httponly=True, **flags)
    cookies.set_hint(current_app, environ, response)
    return response


def _verify(value: str) -> str:
    """Return the token in a cookie's value; empty if the signature is not ours."""
    try:
        token = signing.create_serializer(current_app, _SALT).loads(value[:500]) if value else ""
    except BadSignature:
        return ""
    return token if isinstance(token, str) else ""
