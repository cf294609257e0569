"""Sensitive acts ask again who the person is, if the last proof in this browser is older than 15 minutes.

    @bp.post("/account/devices/removal")
    @authentication.sign_in_required
    @recent_proof_required()
    def end_all(user): ...

A form that was sent is carried along: the page that asks contains its fields, and sends them again with the proof.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import rate_limiting
from storefront.accounts import authentication, known_devices
from storefront.accounts.models import User
from storefront.accounts.pages.page import make_blueprint, render_page
from storefront.accounts.pages.password_check import is_own_password
from storefront.accounts.pages.sign_in import safe_path
from storefront.accounts.second_factor import factors, passkeys, verification
from storefront.web.forms import Form
from storefront.web.prefix import add_prefix

P = ParamSpec("P")
T = TypeVar("T")

bp = make_blueprint("recent_proof", __name__, "/account/proof")

# The names of all fields of the proof begin so; other fields belong to the form that is carried along.
PREFIX = "proof_"


def recent_proof_required(
    when: Callable[[], bool] = lambda: True,
) -> Callable[[Callable[P, T]], Callable[P, T | Response]]:
    """Decorator: ask for password, passkey or code before the view, unless the person has just given one.

    Args:
        when: whether the current request is sensitive; each is by default.
    """

    def decorate(view: Callable[P, T]) -> Callable[P, T | Response]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T | Response:
            user = authentication.load_current_user()
            if user is None or not when() or authentication.is_recently_proven():
                return view(*args, **kwargs)
            if request.method in ("GET", "HEAD"):
                return redirect(url_for("recent_proof.ask", next=request.full_path.rstrip("?")), 303)
            form = Form(request.form)
            if _is_proven(user, form):
                return view(*args, **kwargs)
            action = add_prefix(request.full_path.rstrip("?"))
            return _render(user, form, action, status=200 if form.errors else 403)

        return guarded

    return decorate


@bp.get("")
@authentication.first_factor_required
def ask(user: User) -> Response:
    """The page that asks who the person is, before a page with personal data."""
    if authentication.is_recently_proven():
        return redirect(safe_path(request.args.get("next")), 303)
    return _render(user, Form(), _action())


@bp.post("")
@rate_limiting.limit("sign-in.address", when=known_devices.is_not_presented)
@authentication.first_factor_required
def answer(user: User) -> Response:
    """Check the proof, and go on to the page."""
    form, going = Form(request.form), safe_path(request.args.get("next"))
    if not _is_proven(user, form):
        return _render(user, form, _action())
    return redirect(going, 303)


def _action() -> str:
    return url_for("recent_proof.answer", next=safe_path(request.args.get("next")))


def _is_proven(user: User, form: Form) -> bool:
    if f"{PREFIX}password" not in request.form and f"{PREFIX}credential" not in request.form:
        return False  # the form itself, which does not know that it has to bring a proof
    if form.typed(f"{PREFIX}credential") or form.typed(f"{PREFIX}code"):
        proven = verification.is_proven(user.id, form, PREFIX)
    else:
        proven = is_own_password(user, form, f"{PREFIX}password")
    if proven:
        authentication.record_proof()
    return proven


def _render(user: User, form: Form, action: str, *, status: int = 200) -> Response:
    carried = [pair for pair in request.form.items(multi=True) if not pair[0].startswith(PREFIX)]
    return render_page(
        "proof",
        status,
        form=form,
        action=action,
        carried=carried if request.method == "POST" else [],
        has_app=factors.read_factors(user.id).app,
        options=passkeys.proof_options(user.id),
    )
