import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from web_office import Browser, Page, WebOffice, running

from qbwc_server.store import freshness, moves
from qbwc_server.store.forgetting import forget


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    with running(tmp_path_factory.mktemp("refresh")) as started:
        yield started


def _signed_in(office: WebOffice, name: str) -> Browser:
    browser = Browser(office.url)
    browser.sign_in(name)
    return browser


@pytest.fixture
def marie(office: WebOffice) -> Browser:
    return _signed_in(office, "marie")


@pytest.fixture
def customer(office: WebOffice) -> str:
    return f"/customers/{office.company}/{office.office.change('customer')}"


def test_the_button_leads_to_a_confirmation_that_says_what_happens(marie: Browser, customer: str) -> None:
    page = marie.get(customer)
    assert f'href="{customer}/refresh"' in page.text
    asked = marie.get(f"{customer}/refresh")
    for sentence in ("will be replaced by what QuickBooks has", "Nothing changes in QuickBooks", "Not now"):
        assert sentence in asked.words
        assert sentence in page.words


def test_a_refresh_without_javascript_goes_from_the_button_to_what_changed(
    office: WebOffice, marie: Browser, customer: str
) -> None:
    waiting = marie.submit(marie.get(f"{customer}/refresh"), "/refresh")
    assert waiting.url.partition("#")[0].endswith(customer)
    assert "Waiting for QuickBooks" in waiting.words
    number = re.search(r"Request (\d+)", waiting.words)
    assert number is not None
    office.finish(int(number[1]))
    done = marie.get(customer)
    assert "1 field changed" in done.words
    assert re.search(r"<del>.*</del>.*<ins>514-555-\d{4}</ins>", done.text, re.DOTALL)
    assert "hx-get" not in done.text


def test_asking_twice_joins_and_says_so(office: WebOffice, marie: Browser, customer: str) -> None:
    marie.submit(marie.get(f"{customer}/refresh"), "/refresh")
    omar = _signed_in(office, "omar")
    page = omar.submit(omar.get(f"{customer}/refresh"), "/refresh")
    assert "marie asked for this" in page.words
    open_ones = office.app.refreshing.list(company=office.company, list_id=customer.rpartition("/")[2], state="waiting")
    assert len(open_ones) == 1
    office.finish(open_ones[0].id)


def test_cancelling_withdraws_ones_own_and_only_the_last_ends_it(
    office: WebOffice, marie: Browser, customer: str
) -> None:
    omar = _signed_in(office, "omar")
    marie.submit(marie.get(f"{customer}/refresh"), "/refresh")
    omar.submit(omar.get(f"{customer}/refresh"), "/refresh")
    first = marie.submit(marie.get(customer), "/cancel")
    assert "your own request is withdrawn" in first.words
    last = omar.submit(omar.get(customer), "/cancel")
    assert "The request was cancelled" in last.words
    assert last.url.endswith(customer)
    assert "Cancelled" in last.words


def test_cancelling_too_late_changes_nothing(office: WebOffice, marie: Browser) -> None:
    done = office.finish(office.ask("customer", "list_id", office.office.change("customer")).id)
    page = marie.get("/customers")
    token = dict(page.form("/sign-out").fields)["csrf_token"]
    answer = marie.post(f"/refreshes/{done.id}/cancel", [("csrf_token", token)])
    assert "no longer waiting" in answer.words
    assert office.app.refreshing.get(done.id).state == "published"


def test_several_are_refreshed_after_one_confirmation(office: WebOffice, marie: Browser) -> None:
    ids = [record.list_id for record in office.app.refreshing.search("customer").records[:3]]
    query = "&".join(f"record={office.company}/{each}" for each in ids)
    asked = marie.get(f"/customers/refresh?{query}&record={office.company}/unknown")
    assert "Refresh 3 customers from QuickBooks?" in asked.words
    queue = marie.submit(asked, "/customers/refresh")
    assert "3 requests are in the queue" in queue.words
    waiting = office.app.refreshing.list(state="waiting")
    assert {each.list_id for each in waiting} == set(ids)
    office.finish(waiting[0].id)


def test_choosing_none_is_answered_with_how_to_choose(marie: Browser) -> None:
    assert "Choose one or more first" in marie.get("/customers/refresh").words


def test_a_search_in_quickbooks_shows_hits_that_can_be_refreshed(office: WebOffice, marie: Browser) -> None:
    office.office.quickbooks.add("customer", "CustomerRet", Name="Zzyzx Plumbing")
    nothing = marie.get("/customers?q=Zzyzx")
    assert "No customer matches" in nothing.words
    page = marie.submit(nothing, "/customers/find")
    number = int(page.url.rpartition("/")[2])
    office.finish(number)
    found = marie.get(f"/refreshes/{number}")
    link = re.search(r'href="(/customers/[^"]+/refresh)">Zzyzx Plumbing<', found.text)
    assert link is not None
    fresh = marie.submit(marie.get(link[1]), "/refresh")
    assert "Not yet seen in QuickBooks" in fresh.words
    office.finish(office.app.refreshing.list(state="waiting")[0].id)
    assert "new on the website" in marie.get(link[1].removesuffix("/refresh")).words


def _fetch_all(reader: Browser, listing: str) -> Page:
    sure = reader.submit(reader.get(listing), f"{listing}/all")
    assert "Nothing changes in QuickBooks" in sure.words
    return reader.submit(sure, f"{listing}/all")


def test_the_whole_list_can_be_fetched(office: WebOffice, marie: Browser) -> None:
    page = _fetch_all(marie, "/items")
    assert "All items" in page.words
    done = office.finish(int(page.url.rpartition("/")[2]))
    assert done.state == "published"
    assert "80 records" in marie.get(f"/refreshes/{done.id}").words


def test_a_whole_list_of_which_some_changed_is_done_without_exceptions(office: WebOffice, marie: Browser) -> None:
    office.office.change("item")
    done = office.finish(office.ask("item", "all").id)
    assert done.outcome == "mixed"
    page = marie.get(f"/refreshes/{done.id}")
    assert re.search(r"Done at \d\d:\d\d: 1 updated, \d+ unchanged", page.words)
    assert 'class="now good"' in page.text
    marie.get("/language?lang=fr")
    assert re.search(r"Terminé à \d\d:\d\d\s: 1 modifié, \d+ inchangés", marie.get(f"/refreshes/{done.id}").words)
    assert "exception" not in marie.get("/refreshes").words
    marie.get("/language?lang=en")


def test_what_a_whole_list_changed_is_told_by_name_and_new_records_are_not_spelled_out(
    office: WebOffice, marie: Browser
) -> None:
    first = marie.get("/refreshes/1")
    assert "Records seen for the first time are not listed" in first.words
    assert "<table" not in first.text
    changed = office.office.change("customer")
    office.office.quickbooks.add("customer", "CustomerRet", Name="Brand New Bakery")
    done = office.finish(office.ask("customer", "all").id)
    page = marie.get(f"/refreshes/{done.id}")
    name = office.app.refreshing.record(office.company, "customer", changed).full_name
    assert f'<a href="/customers/{office.company}/{changed}">{name.replace("&", "&amp;")}</a>' in page.text
    assert f">{changed}<" not in page.text
    assert "Brand New Bakery" not in page.text
    assert "Records seen for the first time are not listed" in page.words


def test_a_field_that_was_empty_is_a_change_and_not_a_record_seen_for_the_first_time(
    office: WebOffice, marie: Browser
) -> None:
    list_id = office.app.refreshing.search("customer", q="Brand New Bakery").records[0].list_id
    office.office.quickbooks.change("customer", list_id, Fax="555-0199")
    office.finish(office.ask("customer", "list_id", list_id).id)
    page = marie.get(f"/customers/{office.company}/{list_id}")
    assert "Seen for the first time" not in page.words
    assert re.search(r"<del>.*\(empty\).*</del>.*<ins>555-0199</ins>", page.text, re.DOTALL)


def test_a_viewer_sees_no_buttons_and_cannot_ask(office: WebOffice, customer: str) -> None:
    vera = _signed_in(office, "vera")
    page = vera.get(customer)
    assert "Refresh from QuickBooks" not in page.text
    assert "<dialog" not in page.text
    assert 'type="checkbox"' not in vera.get("/customers").text
    assert vera.get(f"{customer}/refresh").status == 403
    token = dict(page.form("/sign-out").fields)["csrf_token"]
    for path in (
        f"{customer}/refresh",
        "/customers/all",
        "/customers/find",
        "/customers/refresh",
        "/refreshes/1/retry",
    ):
        answer = vera.post(path, [("csrf_token", token), ("q", "x")])
        assert answer.status == 403
        assert "Your account may not do this" in answer.words


def _poll(page: Page) -> str:
    found = re.search(r'id="poller"[^>]* hx-get="([^"]+)"', page.text)
    assert found is not None
    return found[1].replace("&amp;", "&")


def test_a_poll_says_nothing_while_nothing_changes_and_ends_with_the_whole_record(
    office: WebOffice, marie: Browser, customer: str
) -> None:
    page = marie.submit(marie.get(f"{customer}/refresh"), "/refresh")
    address = _poll(page)
    same = marie.get(address, **{"HX-Request": "true"})
    assert (same.status, same.text) == (204, "")
    slower = marie.get(address.replace("every=2", "every=1"), **{"HX-Request": "true"})
    assert slower.headers["HX-Reswap"] == "none"
    assert 'id="poller"' in slower.text
    office.finish(office.app.refreshing.list(state="waiting")[0].id)
    last = marie.get(address, **{"HX-Request": "true"})
    assert "1 field changed" in last.text
    assert 'id="record-body" hx-swap-oob="true"' in last.text
    assert '<div id="poller" hx-swap-oob="true"></div>' in last.text


def test_the_page_of_a_search_is_followed_to_its_hits(office: WebOffice, marie: Browser) -> None:
    office.office.quickbooks.add("customer", "CustomerRet", Name="Zyzomys Plumbing")
    page = marie.submit(marie.get("/customers?q=Zyzomys"), "/customers/find")
    office.finish(int(page.url.rpartition("/")[2]))
    last = marie.get(_poll(page), **{"HX-Request": "true"})
    assert last.status == 200
    assert ">Zyzomys Plumbing<" in last.text
    assert '<div id="poller" hx-swap-oob="true"></div>' in last.text


@pytest.mark.parametrize(
    ("language", "erased", "search", "inactive"),
    [
        ("en", "Its values were taken away here", "a search (forgotten) in Customers", ">Inactive<"),
        ("fr", "Ses valeurs ont été retirées", "une recherche (oubliée) dans Clients", ">Inactif<"),
    ],
)
def test_what_was_forgotten_is_said_to_be_so(
    office: WebOffice, marie: Browser, language: str, erased: str, search: str, inactive: str
) -> None:
    name = f"Quagga {language} Plumbing"
    office.office.quickbooks.add("customer", "CustomerRet", Name=name)
    sought = office.finish(office.ask("customer", "find", name).id)
    list_id = sought.hits[0].list_id
    office.finish(office.ask("customer", "list_id", list_id).id)
    with office.app.database.write() as connection:
        forget(connection, office.company, "customer", list_id, office.app.database.now(connection))
    marie.get(f"/language?lang={language}")
    page, queue, request = (
        marie.get(path) for path in (f"/customers/{office.company}/{list_id}", "/refreshes", f"/refreshes/{sought.id}")
    )
    marie.get("/language?lang=en")
    assert erased in page.words
    assert inactive not in page.text
    assert search in queue.words
    assert search in request.words
    assert not re.search("“”|«\\s*»", request.words)


def test_the_page_of_a_whole_list_is_followed_to_its_end(office: WebOffice, marie: Browser) -> None:
    page = _fetch_all(marie, "/items")
    office.finish(int(page.url.rpartition("/")[2]))
    last = marie.get(_poll(page), **{"HX-Request": "true"})
    assert (last.status, '<div id="poller" hx-swap-oob="true"></div>' in last.text) == (200, True)


_SENT = {"state": "sent", "visit": 1, "request_id": "1.1.1"}


@pytest.fixture
def running_list(office: WebOffice) -> Iterator[int]:
    """A list run of which one page has come, as it stands between two pages."""
    run = office.ask("customer", "all")
    now = datetime.now(UTC)
    _move(office, run.id, first_sent_at=now, sent_at=now, first_seq=1, records=3200, total=20000)
    yield run.id
    _move(office, run.id, state="waiting", first_seq=None)
    office.app.refreshing.cancel(run.id, "marie")


def _move(office: WebOffice, refresh_id: int, **values: object) -> None:
    with office.app.database.write() as connection:
        moves.change(connection, [refresh_id], **values)


def test_a_list_that_is_being_read_shows_how_far_it_is(office: WebOffice, marie: Browser, running_list: int) -> None:
    for path in (f"/refreshes/{running_list}", "/refreshes", "/"):
        page = marie.get(path)
        assert "Being read from QuickBooks" in page.words
        assert "3,200 of 20,000 customers" in page.words
        assert '<progress max="20000" value="3200"></progress>' in page.text
    _move(office, running_list, resumed=2, **_SENT)
    page = marie.get(f"/refreshes/{running_list}")
    assert "Being read from QuickBooks" in page.words
    assert "Begun again 2 times, after interruptions." in page.words


def test_a_poll_moves_the_progress_and_leaves_the_sentence_alone(
    office: WebOffice, marie: Browser, running_list: int
) -> None:
    address = _poll(marie.get(f"/refreshes/{running_list}"))
    assert marie.get(address).status == 204
    _move(office, running_list, **_SENT)
    assert marie.get(address).status == 204
    _move(office, running_list, records=4000)
    moved = marie.get(address)
    assert moved.headers["HX-Reswap"] == "none"
    assert 'id="live-level" hx-swap-oob="true"' in moved.text
    assert "4,000 of 20,000 customers" in moved.text
    assert "Being read from QuickBooks" not in moved.text
    assert marie.get(_poll(moved)).status == 204


def test_a_list_cannot_be_cancelled_while_a_page_is_on_its_way(
    office: WebOffice, marie: Browser, running_list: int
) -> None:
    _move(office, running_list, **_SENT)
    page = marie.submit(marie.get(f"/refreshes/{running_list}"), f"/refreshes/{running_list}/cancel")
    assert "Try again in a few seconds" in page.words


@pytest.mark.parametrize(
    ("listing", "scope", "button", "what"),
    [
        ("customers", "changed", "Fetch what changed", "Changed customers"),
        ("items", "changed", "Fetch what changed", "Changed items"),
        ("items", "sweep", "Fetch stock", "Stock and full names of the items"),
    ],
)
def test_what_changed_and_the_stock_can_be_fetched(
    office: WebOffice, marie: Browser, listing: str, scope: str, button: str, what: str
) -> None:
    page = marie.get(f"/{listing}")
    assert f'formaction="/{listing}/{scope}">{button}</button>' in page.text
    sure = marie.get(f"/{listing}/{scope}")
    assert "Nothing changes in QuickBooks" in sure.words
    asked = marie.submit(sure, f"/{listing}/{scope}")
    assert what in asked.words
    assert "never read" not in asked.words
    office.app.refreshing.cancel(int(asked.url.rpartition("/")[2]), "marie")
    assert _signed_in(office, "vera").get(f"/{listing}/{scope}").status == 403


def test_customers_have_balances_and_full_names_to_be_fetched(marie: Browser) -> None:
    assert "/customers/sweep" in marie.get("/customers").text
    assert "balances and full names" in marie.get("/customers/sweep").words


def test_changes_of_a_list_never_read_are_all_of_it(office: WebOffice, marie: Browser) -> None:
    with office.app.database.write() as connection:
        freshness.doubt(connection, office.company, "customer")
    asked = marie.submit(marie.get("/customers/changed"), "/customers/changed")
    assert "The list was never read to its end, so all of it is read." in asked.words
    assert "All customers" in asked.words
    office.finish(int(asked.url.rpartition("/")[2]))


def test_what_the_schedule_asked_for_in_vain_is_shown_on_demand(office: WebOffice, marie: Browser) -> None:
    run = office.ask("item", "changed", by="schedule")
    waiting = marie.get("/refreshes")
    assert "by schedule" in waiting.words
    assert "Asked just now by schedule" in marie.get(f"/refreshes/{run.id}").words
    assert office.finish(run.id).outcome == "unchanged"
    hidden = marie.get("/refreshes")
    assert "by schedule" not in hidden.words
    assert "1 scheduled reading that changed nothing is not shown." in hidden.words
    assert "not shown" not in marie.get("/refreshes?state=failed").words
    shown = marie.get("/refreshes?quiet=show")
    assert "by schedule" in shown.words
    assert "Hide scheduled readings that changed nothing" in shown.words
    assert f'href="/refreshes/{run.id}"' not in marie.get("/").text


def test_the_page_of_one_record_s_request_is_followed_to_its_end(
    office: WebOffice, marie: Browser, customer: str
) -> None:
    asked = marie.submit(marie.get(f"{customer}/refresh"), "/refresh")
    number = office.app.refreshing.list(state="waiting")[0].id
    page = marie.get(f"/refreshes/{number}")
    assert asked.status == 200
    office.finish(number)
    last = marie.get(_poll(page), **{"HX-Request": "true"})
    assert (last.status, '<div id="poller" hx-swap-oob="true"></div>' in last.text) == (200, True)


def test_a_record_that_was_deleted_says_when_and_one_made_inactive_says_so(
    office: WebOffice, marie: Browser, customer: str
) -> None:
    list_id = customer.rpartition("/")[2]
    office.office.quickbooks.change("customer", list_id, IsActive=False)
    office.finish(office.ask("customer", "list_id", list_id).id)
    assert "made inactive in QuickBooks" in marie.get(customer).words
    office.office.quickbooks.delete("customer", list_id)
    office.finish(office.ask("customer", "list_id", list_id).id)
    told = marie.get(customer).words
    assert re.search(r"Deleted in QuickBooks on \w+ \d+, \d{4} at \d\d:\d\d; the website now shows it", told)


def test_a_record_says_when_its_list_was_last_read_for_changes(marie: Browser, customer: str) -> None:
    told = html.unescape(marie.get(customer).words)
    assert re.search(r"As seen in QuickBooks at [\d:]+ · The list's changes were last read at [\d:]+\.", told)


def test_a_record_that_is_gone_says_so(office: WebOffice, marie: Browser) -> None:
    page = marie.submit(marie.get(f"/customers/{office.company}/FFFFFFFF-1/refresh"), "/refresh")
    assert "Not yet seen in QuickBooks" in page.words
    office.finish(office.app.refreshing.list(state="waiting")[0].id)
    page = marie.get(f"/customers/{office.company}/FFFFFFFF-1")
    assert page.status == 200
    assert "Not found in QuickBooks" in page.words
