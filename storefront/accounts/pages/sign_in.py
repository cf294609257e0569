"""The pages for registering, signing in and signing out."""

from __future__ import annotations

import re

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import mail, rate_limiting
from storefront.accounts import authentication, credentials, known_devices, messages, tokens
from storefront.accounts.credentials import EmailTakenError
from storefront.accounts.pages.page import (
    make_blueprint,
    redirect_to_sent_page,
    redirect_with_notice,
    render_page,
    render_sent_page,
)
from storefront.accounts.passwords import read_new_password, read_password
from storefront.accounts.second_factor import factors, passkeys
from storefront.accounts.sign_in_limits import TooManyFailuresError
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.mail.email_address import exact_email, read_email
from storefront.web.forms import Form
from storefront.web.prefix import is_own_path, remove_prefix

bp = make_blueprint("sign_in", __name__, "/account")
_PROVEN = "proven"  # the value of `said` after a right password of a browser that may not keep cookies
_SIGN_IN_PAGES = re.compile(r"/account/(login|logout|register|reset)\b")


def submitted_email() -> str:
    """Return the canonical e-mail of the submitted form, by which rate limits count; empty if it is not valid.

    Without a valid e-mail the view does nothing that an account has to be protected from.
    """
    return read_email(Form(request.form))


@bp.get("/login")
def login() -> Response:
    """The sign-in form. A person who is signed in is redirected to the next page."""
    going = next_path()
    if authentication.load_current_user() is not None:
        return redirect(going, 303)
    form = Form()
    if request.args.get("said") == _PROVEN:
        form.errors[""] = _(
            "You can’t sign in because your browser blocks cookies. Allow them for this shop."
        )
    return _render_login(form, going)


@bp.post("/login")
@rate_limiting.limit("sign-in.address", when=known_devices.is_not_presented)
def submit_login() -> Response:
    """Sign in. Neither the response nor its duration reveals whether the account exists."""
    form, going = Form(request.form), next_path()
    email, password, keep = read_email(form), read_password(form), form.ticked("keep")
    if form.errors:
        return _render_login(form, going)
    try:
        login = credentials.authenticate(email, password)
    except TooManyFailuresError as error:
        form.errors[""] = str(error)
        refusal = _render_login(form, going, 429)
        refusal.headers["Retry-After"] = str(error.retry_after)
        return refusal
    if login is not None and factors.has_factor(login.user_id):
        authentication.begin_second_step(login.user_id, login.generation, keep=keep)
        return redirect(url_for("second_step.ask", next=going), 303)
    if login is None or not authentication.sign_in(login.user_id, login.generation, keep=keep):
        form.errors[""] = _("Incorrect e-mail address or password. Passwords are case-sensitive.")
        return _render_login(form, going)
    return go_on(going)


@bp.post("/logout")
def logout() -> Response:
    """Sign out in this browser."""
    authentication.sign_out()
    return redirect_with_notice("sign_in.login", "signed-out")


@bp.get("/register")
def register() -> Response:
    """The first registration form: the e-mail address that gets a link."""
    return render_page("register", form=Form(), going=next_path())


@bp.post("/register")
@rate_limiting.limit("register", "password-reset.account", account=submitted_email)
def send_registration_link() -> Response:
    """Mail a registration link, or a notice if the account exists. The response is the same in both cases."""
    form, going = Form(request.form), next_path()
    email = read_email(form)
    if form.errors:
        return render_page("register", form=form, going=going)
    user, exact = credentials.find_by_email(email), exact_email(request.form["email"])
    text = messages.account_exists(user.locale) if user else messages.registration_link(email, going, exact)
    with write_transaction() as session:
        mail_id = mail.enqueue_limited(session, email, text)
    return redirect_to_sent_page("sign_in.registration_sent", mail_id)


@bp.get("/register/sent")
def registration_sent() -> Response:
    """The page that says that a mail was sent."""
    return render_sent_page(_("Check your e-mail"))


@bp.get("/register/<token>")
def registration_form(token: str) -> Response:
    """The second registration form, behind the mailed link: name and password."""
    registration = tokens.read_registration(token)
    if credentials.find_by_email(registration.email) is not None:
        raise tokens.LinkError
    return render_page("finish", form=Form(), email=registration.email)


@bp.post("/register/<token>")
@rate_limiting.limit("password-reset.address")
def create_account(token: str) -> Response:
    """Create the account and sign in."""
    registration, form = tokens.read_registration(token), Form(request.form)
    name = form.text("name", _("your name"), most=100, required=False)
    password = read_new_password(form, "password", registration.email, name)
    keep = form.ticked("keep")
    if form.errors:
        return render_page("finish", form=form, email=registration.email)
    try:
        confirmed = registration.exact or registration.email
        user = credentials.create_account(registration.email, password, name, confirmed_email=confirmed)
    except EmailTakenError as error:
        raise tokens.LinkError from error
    authentication.sign_in(user.id, user.generation, keep=keep)
    return go_on(safe_path(registration.next))


def go_on(path: str) -> Response:
    """Redirect to this path after a sign-in; by way of the sign-in page if the browser may not keep cookies."""
    return redirect(path, 303) if _sends_cookies() else redirect_to_login(path)


def redirect_to_login(path: str) -> Response:
    """Redirect to the sign-in page, and from there to this path. It says so if the browser keeps no cookies."""
    return authentication.redirect_to_sign_in(path, None if _sends_cookies() else _PROVEN)


def _sends_cookies() -> bool:
    """Whether the browser has sent a cookie, or does not come from one of the shop's pages."""
    return bool(request.cookies) or not request.referrer


def next_path(default: str = authentication.HOME) -> str:
    """Return the path to continue with, which the page's address or its form names."""
    return safe_path(request.values.get("next"), default)


def _render_login(form: Form, going: str, status: int = 200) -> Response:
    return render_page("login", status, form=form, going=going, options=passkeys.proof_options(None))


def safe_path(text: str | None, default: str = authentication.HOME) -> str:
    """Return the path without the prefix if it is one of this shop and no page for signing in; else the default."""
    text = remove_prefix(text) if text else text  # redirects add it again
    if text is None or not is_own_path(text) or _SIGN_IN_PAGES.match(text):
        return default
    return text
