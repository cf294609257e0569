"""Weak passwords: common ones and those made of names are refused with a reason, wherever one is chosen."""

from __future__ import annotations

import pytest
from flask import Flask
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from storefront.accounts import common_passwords, passwords, tokens
from tests.accounts.people import EMAIL, PASSWORD, Browser, last_link, make_user

pytestmark = pytest.mark.any_database

COMMON = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= passwords.MIN_LENGTH]
ADDRESS, NAME = "kim.langstrumpf@cups-and-more.example", "Kim Langstrumpf"
WEAK = "qwertyuiop123"


def test_all_common_long_passwords_are_refused(app: Flask) -> None:
    assert len(FREQUENCY_LISTS["passwords"]) >= 10_000
    assert len(COMMON) > 500
    accepted = [word for word in COMMON if passwords.find_weakness(word) is None]
    assert accepted == []
    variations = [
        form for word in COMMON for form in (word.upper(), f"{word}1!", f"2024{word}", word[::-1], word * 2)
    ]
    variations += [word.replace("o", "0").replace("a", "@") for word in COMMON if word.isalpha()]
    assert [form for form in variations if passwords.find_weakness(form) is None] == []


def test_short_common_words_need_more_than_digits(app: Flask) -> None:
    for word in FREQUENCY_LISTS["passwords"][:10_000]:
        if len(word) > 1 and not word.isdigit():
            assert passwords.find_weakness(f"{word}1234567890"[: max(10, len(word) + 4)]), word


@pytest.mark.parametrize(
    "password",
    [
        "Kettle & Clay",
        "kettleclay2024",
        "Clay-Kettle-99",
        ADDRESS,
        "kim.langstrumpf",
        "langstrumpf1984",
        "cups-and-more!",
        "KimLangstrumpf",
        "langstrumpf@kettle",
        "kim19841123kim",
    ],
)
def test_names_are_refused(app: Flask, password: str) -> None:
    assert "Don’t use your name" in str(passwords.find_weakness(password, ADDRESS, NAME))


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "my kettle is on the shelf",
        "83472918440366",
        "kim 834729184403",
        "Tr4mway-hQ7z",
        "茶壺は棚の上にあります",
    ],
)
def test_passwords_of_ones_own_are_accepted(app: Flask, password: str) -> None:
    assert passwords.find_weakness(password, ADDRESS, NAME) is None


def test_weak_password_is_refused_wherever_one_is_chosen(app: Flask) -> None:
    make_user()
    browser = Browser(app)
    browser.sign_in()
    browser.post("/account/reset", email=EMAIL)
    token = tokens.sign(tokens.Registration("lee@example.com", "/"))
    forms = {
        last_link(app): {},
        f"/account/register/{token}": {},
        "/account/password": {"current_password": PASSWORD},
    }
    for path, form in forms.items():
        answer = browser.post(path, password=WEAK, **form)
        assert (answer.status_code, "This password is too common" in answer.text) == (422, True), path


def test_command_refuses_a_weak_password(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storefront.accounts.cli.is_interactive", lambda: True)
    typed = f"{WEAK}\n{WEAK}\n"
    run = app.test_cli_runner().invoke(args=["user", "create", EMAIL], input=typed)
    assert (run.exit_code, "This password is too common" in run.output) == (1, True)


def test_weak_password_from_before_still_signs_in(app: Flask) -> None:
    make_user(password=WEAK)
    assert Browser(app).sign_in(password=WEAK).status_code == 303


def test_list_takes_less_than_a_megabyte_of_a_process() -> None:
    hashes = common_passwords._load_hashes()
    assert len(hashes) > 30_000
    assert len(hashes) * hashes.itemsize < 1_000_000
