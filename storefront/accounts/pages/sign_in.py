"""Registering, signing in, signing out."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response

from storefront import mail, rate_limiting
from storefront.accounts import authentication, credentials, messages, redirects, tokens
from storefront.accounts.credentials import TakenError
from storefront.accounts.pages.page import blueprint, done, page, sent
from storefront.accounts.password_fields import read_new_password, read_password
from storefront.accounts.sign_in_limits import TooManyFailuresError
from storefront.extensions import write_transaction
from storefront.mail import development
from storefront.mail.email_address import read_email
from storefront.web.forms import Form

bp = blueprint("entering", __name__, "/account")


def named() -> str:
    """Return the account that the form names, for the rate limits."""
    return request.form.get("email", "")


@bp.get("/login")
def login() -> Response:
    """The form; whoever is signed in already goes on."""
    going = _going()
    if authentication.exact_user() is not None:
        return redirect(going, 303)
    return page("login", form=Form(), going=going)


@bp.post("/login")
@rate_limiting.limit("sign-in.address", "sign-in.account", account=named)
def enter() -> Response:
    """Sign in. Whether there is such an account, neither the answer tells nor how long it takes."""
    form, going = Form(request.form), _going()
    email, password, keep = read_email(form), read_password(form), form.ticked("keep")
    if form.errors:
        return page("login", form=form, going=going)
    try:
        proven = credentials.authenticate(email, password)
    except TooManyFailuresError as error:
        form.errors[""] = str(error)
        refusal = page("login", 429, form=form, going=going)
        refusal.headers["Retry-After"] = str(error.retry_after)
        return refusal
    if proven is None or not authentication.sign_in(proven.user_id, proven.generation, keep=keep):
        form.errors[""] = "E-mail and password do not belong together. Mind capital letters."
        return page("login", form=form, going=going)
    return redirect(going, 303)


@bp.post("/logout")
def logout() -> Response:
    """Sign out on this browser."""
    authentication.sign_out()
    return done("entering.login", "signed-out")


@bp.get("/register")
def register() -> Response:
    """The form: an e-mail, to which a link is sent."""
    return page("register", form=Form(), going=_going())


@bp.post("/register")
@rate_limiting.limit("register", "password-reset.account", account=named)
def ask() -> Response:
    """Send a link for opening an account; to whom has one, that. The answer is the same."""
    form, going = Form(request.form), _going()
    email = read_email(form)
    if form.errors:
        return page("register", form=form, going=going)
    known = credentials.by_email(email) is not None
    with write_transaction() as session:
        text = messages.known_already() if known else messages.welcome(email, going)
        letter = mail.enqueue(session, email, text)
    return sent("entering.asked", letter)


@bp.get("/register/sent")
def asked() -> Response:
    """Says to look into one's mail."""
    return page("sent", title="Look into your mail", letter=development.find(request.args.get("letter", "")))


@bp.get("/register/<token>")
def finish(token: str) -> Response:
    """The form behind the link."""
    says = tokens.registration(token)
    if credentials.by_email(says.email) is not None:
        raise tokens.LinkError
    return page("finish", form=Form(), email=says.email)


@bp.post("/register/<token>")
@rate_limiting.limit("password-reset.address")
def create(token: str) -> Response:
    """Open the account, and sign in."""
    says, form = tokens.registration(token), Form(request.form)
    name = form.text("name", "Your name", most=100, required=False)
    password, keep = read_new_password(form, "password", says.email, name), form.ticked("keep")
    if form.errors:
        return page("finish", form=form, email=says.email)
    try:
        user = credentials.create(says.email, password, name)
    except TakenError as error:
        raise tokens.LinkError from error
    authentication.sign_in(user.id, user.generation, keep=keep)
    return redirect(redirects.own(says.next), 303)


def _going() -> str:
    return redirects.own(request.values.get("next"))
