"""Registering, signing in, signing out."""

from __future__ import annotations

from flask import redirect, request
from werkzeug.wrappers import Response

from storefront import mail, rate_limiting
from storefront.accounts import authentication, credentials, messages, redirects, tokens
from storefront.accounts.credentials import EmailTakenError
from storefront.accounts.pages.page import (
    make_blueprint,
    redirect_to_sent_page,
    redirect_with_notice,
    render_page,
)
from storefront.accounts.password_fields import read_new_password, read_password
from storefront.accounts.sign_in_limits import TooManyFailuresError
from storefront.extensions import write_transaction
from storefront.mail import development
from storefront.mail.email_address import read_email
from storefront.web.forms import Form

bp = make_blueprint("sign_in", __name__, "/account")


def submitted_email() -> str:
    """Return the account that the form names, for the rate limits."""
    return request.form.get("email", "")


@bp.get("/login")
def login() -> Response:
    """The form; whoever is signed in already goes on."""
    going = _next_path()
    if authentication.load_current_user() is not None:
        return redirect(going, 303)
    return render_page("login", form=Form(), going=going)


@bp.post("/login")
@rate_limiting.limit("sign-in.address", "sign-in.account", account=submitted_email)
def submit_login() -> Response:
    """Sign in. Whether there is such an account, neither the answer tells nor how long it takes."""
    form, going = Form(request.form), _next_path()
    email, password, keep = read_email(form), read_password(form), form.ticked("keep")
    if form.errors:
        return render_page("login", form=form, going=going)
    try:
        proven = credentials.authenticate(email, password)
    except TooManyFailuresError as error:
        form.errors[""] = str(error)
        refusal = render_page("login", 429, form=form, going=going)
        refusal.headers["Retry-After"] = str(error.retry_after)
        return refusal
    if proven is None or not authentication.sign_in(proven.user_id, proven.generation, keep=keep):
        form.errors[""] = "E-mail and password do not belong together. Mind capital letters."
        return render_page("login", form=form, going=going)
    return redirect(going, 303)


@bp.post("/logout")
def logout() -> Response:
    """Sign out on this browser."""
    authentication.sign_out()
    return redirect_with_notice("sign_in.login", "signed-out")


@bp.get("/register")
def register() -> Response:
    """The form: an e-mail, to which a link is sent."""
    return render_page("register", form=Form(), going=_next_path())


@bp.post("/register")
@rate_limiting.limit("register", "password-reset.account", account=submitted_email)
def send_registration_link() -> Response:
    """Send a link for opening an account; to whom has one, that. The answer is the same."""
    form, going = Form(request.form), _next_path()
    email = read_email(form)
    if form.errors:
        return render_page("register", form=form, going=going)
    known = credentials.find_by_email(email) is not None
    with write_transaction() as session:
        text = messages.account_exists() if known else messages.registration_link(email, going)
        letter = mail.enqueue(session, email, text)
    return redirect_to_sent_page("sign_in.registration_sent", letter)


@bp.get("/register/sent")
def registration_sent() -> Response:
    """Says to look into one's mail."""
    return render_page(
        "sent", title="Look into your mail", letter=development.find(request.args.get("letter", ""))
    )


@bp.get("/register/<token>")
def registration_form(token: str) -> Response:
    """The form behind the link."""
    says = tokens.read_registration(token)
    if credentials.find_by_email(says.email) is not None:
        raise tokens.LinkError
    return render_page("finish", form=Form(), email=says.email)


@bp.post("/register/<token>")
@rate_limiting.limit("password-reset.address")
def create_account(token: str) -> Response:
    """Open the account, and sign in."""
    says, form = tokens.read_registration(token), Form(request.form)
    name = form.text("name", "Your name", most=100, required=False)
    password, keep = read_new_password(form, "password", says.email, name), form.ticked("keep")
    if form.errors:
        return render_page("finish", form=form, email=says.email)
    try:
        user = credentials.create_account(says.email, password, name)
    except EmailTakenError as error:
        raise tokens.LinkError from error
    authentication.sign_in(user.id, user.generation, keep=keep)
    return redirect(redirects.safe_path(says.next), 303)


def _next_path() -> str:
    return redirects.safe_path(request.values.get("next"))
