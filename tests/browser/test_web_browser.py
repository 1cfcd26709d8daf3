import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from web_office import PASSWORD, WebOffice

from qbwc_server.refreshing import Wish
from qbwc_server.store import companies

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser
WIDE, NARROW = 1200, 320


class Watched:
    """A page that notes what it asks for and what the browser complains of."""

    def __init__(self, context: "BrowserContext", office: WebOffice) -> None:
        self.page: Page = context.new_page()
        self.url = office.url
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.page.on("console", lambda message: self._said(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def sign_in(self, name: str) -> None:
        self.open("/sign-in")
        self.page.fill("#user", name)
        self.page.fill("#password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.url}/")

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self.url}/", "data:")):
            self.foreign.append(url)


def _watched(chromium: "Browser", office: WebOffice, **options: Any) -> Watched:
    given = {"viewport": {"width": WIDE, "height": 900}, "locale": "en-CA", **options}
    context = chromium.new_context(**given)
    context.set_default_timeout(15_000)
    return Watched(context, office)


@pytest.fixture
def marie(chromium: "Browser", office: WebOffice) -> Iterator[Watched]:
    watched = _watched(chromium, office)
    watched.sign_in("marie")
    yield watched
    watched.page.context.close()
    assert watched.complaints == []
    assert watched.foreign == []


def _tab_to(page: "Page", selector: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"the Tab key never reaches {selector}")


def _paths(office: WebOffice) -> list[str]:
    customer = office.app.refreshing.search("customer").records[0].list_id
    item = office.app.refreshing.search("item").records[0].list_id
    return [
        "/",
        "/customers",
        "/items?q=nothing",
        f"/customers/{office.company}/{customer}",
        f"/customers/{office.company}/{customer}/refresh",
        f"/items/{office.company}/{item}",
        "/refreshes",
        "/refreshes/1",
        "/connection",
        "/connection/alerts",
        f"/connection/{office.company}/calls",
        f"/connection/{office.company}/requests",
        "/checkup",
        "/setup",
        "/setup/address",
        "/setup/company",
        f"/setup/companies/{office.company}/password",
        f"/setup/companies/{office.company}/pc",
        f"/setup/companies/{office.company}/wait",
        "/users",
        "/users/add",
        "/account",
        "/audit",
        f"/open?list=item&list_id={item}",
        "/support?code=QBWC1012",
    ]


def test_a_refresh_by_keyboard_goes_through_the_dialog_to_what_changed(office: WebOffice, marie: Watched) -> None:
    page = marie.page
    marie.open(f"/customers/{office.company}/{office.office.change('customer')}")
    page.wait_for_load_state()
    _tab_to(page, "#refresh")
    page.keyboard.press("Space")
    page.wait_for_selector("dialog[open]")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Refresh this customer"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert page.evaluate("document.activeElement.id") == "refresh"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#live-status .wait")
    region = page.query_selector("#live-status")
    office.visit()
    page.wait_for_selector("#live-status .good")
    assert "1 field changed" in page.inner_text("#live-status")
    assert re.fullmatch(r"514-555-\d{4}", page.inner_text("#changes ins"))
    assert region is not None
    assert region.is_visible(), "the region that screen readers listen to was replaced"
    assert page.query_selector("#poller[hx-get]") is None


def test_a_refresh_works_with_javascript_switched_off(chromium: "Browser", office: WebOffice) -> None:
    watched = _watched(chromium, office, java_script_enabled=False)
    watched.sign_in("omar")
    page = watched.page
    watched.open(f"/items/{office.company}/{office.office.change('item')}")
    page.click("#refresh")
    page.wait_for_url("**/refresh")
    page.click("main button[type=submit]")
    page.wait_for_selector("#live-status .wait")
    assert page.inner_text("noscript a") == "Look again"
    asked = office.app.refreshing.list(state="waiting")
    office.finish(asked[0].id)
    page.click("noscript a")
    assert "1 field changed" in page.inner_text("#live-status")
    page.context.close()
    assert watched.foreign == []


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_page_breaks_the_policy_or_is_wider_than_the_screen(
    chromium: "Browser", office: WebOffice, language: str, width: int
) -> None:
    watched = _watched(chromium, office, viewport={"width": width, "height": 900})
    watched.sign_in("ada")
    watched.open(f"/language?lang={language}")
    for path in _paths(office):
        watched.open(path)
        assert watched.page.evaluate("document.documentElement.lang") == language
        assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
        assert watched.page.evaluate("getComputedStyle(document.querySelector('.bar')).display") == "flex"
    watched.page.context.close()
    assert watched.complaints == []
    assert watched.foreign == []


def test_companies_with_long_names_fit_a_narrow_screen(chromium: "Browser", office: WebOffice) -> None:
    title = "Quincaillerie et matériaux de construction Globex-Québec inc."
    with office.app.database.write() as connection:
        now = office.app.database.now(connection)
        companies.add(connection, "globex", title=title, user_name=None, company_file=None, now=now)
    (asked,) = office.app.refreshing.ask([Wish("globex", "customer", "all")], "marie")
    watched = _watched(chromium, office, viewport={"width": NARROW, "height": 900})
    watched.sign_in("ada")
    watched.open("/language?lang=fr")
    for path in (*_paths(office), "/customers?q=nothing", f"/refreshes/{asked.refresh.id}"):
        watched.open(path)
        assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    watched.open("/refreshes")
    assert title in watched.page.inner_text("main")
    clipped = (
        "[...document.querySelectorAll('main .badge')].some(e => e.getBoundingClientRect().right > innerWidth - 16)"
    )
    assert not watched.page.evaluate(clipped), "a state does not fit into its card"
    watched.page.context.close()
    office.app.refreshing.cancel(asked.refresh.id, "marie")


def test_a_poll_waits_while_nobody_looks_at_the_page(office: WebOffice, marie: Watched) -> None:
    page = marie.page
    asked = office.ask("customer", "list_id", office.office.change("customer"))
    polls: list[str] = []
    page.on("request", lambda request: polls.append(request.url) if "/status" in request.url else None)
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => true });")
    marie.open(f"/refreshes/{asked.id}")
    page.wait_for_timeout(2_600)
    assert polls == []
    office.finish(asked.id)
