"""A Chromium and the demo shop that `make run` serves."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    Page,
    Request,
    Response,
    sync_playwright,
)

from storefront.app import create_app
from storefront.extensions import db
from tests.browser.letters import sign_in_link
from tests.browser.pages import wait_until_interactive
from tests.processes import Shop, served
from tests.programs import require_program
from tests.stock.streams import set_stock

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARGUMENTS += ["--accept-lang=en-US"]  # the headless shell sends no language by itself
# Chromium also logs this for the page itself, where a test may expect it; `_refused` reports other requests.
WANTED = re.compile(r"Failed to load resource: .* status of (404|422)")
# All tests use one address, where the usual limits allow fewer registrations, sign-ins and orders.
LIMITS = {
    f"STOREFRONT_LIMIT_{name}": "1000/minute"
    for name in ("REGISTER", "PASSWORD_RESET_ADDRESS", "SIGN_IN_ADDRESS", "CHECKOUT")
}


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the headless shell, which needs half of the processor time; else of Chromium."""
    return require_program("chromium-headless-shell")


@pytest.fixture(scope="session")
def full_chromium() -> str:
    """The path of the machine's Chromium, for tests of what the headless shell lacks."""
    return require_program("chromium")


@pytest.fixture(scope="session")
def demo(media: Path) -> Path:
    """The database of a new shop with the demo: all test processes copy it, so it is made once."""
    made = media.with_name("demo.sqlite3")
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            load_demo(media, made)
    return made


def load_demo(media: Path, made: Path) -> None:
    """Set a shop up as `make run` does, and move its database there."""
    folder = media.with_name("demo")
    folder.mkdir()
    settings = {"STOREFRONT_MEDIA_DIR": str(media), "STOREFRONT_PICTURES_IN_BACKGROUND": "off"}
    app = create_app({"PATH": os.environ["PATH"], **settings}, instance=folder)
    app.testing = True
    ran = app.test_cli_runner().invoke(args=["setup"])
    assert ran.exit_code == 0, ran.output
    with app.app_context():
        db.engine.dispose()
    (folder / "storefront.sqlite3").rename(made)


def copied(demo: Path, folder: Path) -> Path:
    """Return the instance directory of a shop with a copy of this database."""
    instance = folder / "instance"
    instance.mkdir()
    shutil.copy(demo, instance / "storefront.sqlite3")
    return instance


@pytest.fixture(scope="session")
def shop(chromium: str, media: Path, demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The demo shop, served by `make run`."""
    instance = copied(demo, tmp_path_factory.mktemp("browser"))
    with served(instance, STOREFRONT_MEDIA_DIR=str(media), **LIMITS) as shop:
        set_stock(shop, "RBT-CELADON", 500)  # many tests buy it
        yield shop


@pytest.fixture(scope="session")
def browser_type() -> Iterator[BrowserType]:
    """What starts browsers."""
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(chromium: str, browser_type: BrowserType) -> Iterator[Browser]:
    """One browser for all tests."""
    browser = browser_type.launch(executable_path=chromium, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def full_browser(full_chromium: str, browser_type: BrowserType) -> Iterator[Browser]:
    """A Chromium with what the headless shell lacks, such as a back/forward cache."""
    browser = browser_type.launch(
        executable_path=full_chromium, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


@pytest.fixture(scope="session", autouse=True)
def interactive_pages() -> Iterator[None]:
    """Let `page.goto` and `page.reload` wait until the page is interactive, as people would."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("goto", "reload"):
            patch.setattr(Page, name, _then_wait(getattr(Page, name)))
        yield


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def javascript(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts; every test with a page runs with scripts on and off."""
    return bool(request.param == "with JavaScript")


@pytest.fixture
def context(javascript: bool, browser: Browser, shop: Shop) -> Iterator[BrowserContext]:
    """A browser context with a fresh profile."""
    context = browser.new_context(base_url=shop.url, java_script_enabled=javascript)
    yield context
    context.close()


@pytest.fixture(scope="session")
def owner(browser: Browser, shop: Shop) -> dict[str, Any]:
    """The cookies of the shop's owner, who has just signed in."""
    context = browser.new_context(base_url=shop.url)
    page = context.new_page()
    page.goto(sign_in_link(shop))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin")
    state = context.storage_state()
    context.close()
    return {"cookies": state["cookies"]}


@pytest.fixture
def office(page: Page, owner: dict[str, Any]) -> Page:
    """The tab, in which the owner is signed in."""
    page.context.add_cookies(owner["cookies"])
    return page


@pytest.fixture
def problems() -> list[str]:
    """Errors of the tab: console errors and warnings, exceptions, failed and refused requests."""
    return []


@pytest.fixture
def page(context: BrowserContext, problems: list[str]) -> Iterator[Page]:
    """A tab. A test whose tab has problems fails."""
    page = context.new_page()
    page.on("console", lambda message: _said(problems, message.type, message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: _failed(problems, request))
    page.on("response", lambda response: _refused(problems, response))
    yield page
    assert problems == []


def _then_wait(navigate: Callable[..., Response | None]) -> Callable[..., Response | None]:
    def navigate_and_wait(page: Page, *args: Any, **options: Any) -> Response | None:
        # Leaving a page before it has arrived would abort it, which `problems` reports.
        page.wait_for_load_state("domcontentloaded")
        response = navigate(page, *args, **options)
        if options.get("wait_until") not in ("commit", "domcontentloaded"):
            wait_until_interactive(page)
        return response

    return navigate_and_wait


def _said(problems: list[str], kind: str, text: str) -> None:
    if kind in ("error", "warning") and not WANTED.match(text):
        problems.append(f"{kind}: {text}")


def _failed(problems: list[str], request: Request) -> None:
    # Leaving the page aborts pending requests and streams, which is not a failure; `_refused` reports missing files.
    late = request.resource_type in ("image", "other", "script", "stylesheet", "fetch", "eventsource")
    if not late or "ERR_ABORTED" not in str(request.failure):
        problems.append(f"{request.url}: {request.failure}")


def _refused(problems: list[str], response: Response) -> None:
    if response.status >= 400 and response.request.resource_type != "document":
        problems.append(f"{response.url}: {response.status}")
