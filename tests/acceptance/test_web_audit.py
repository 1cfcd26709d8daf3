import csv
import io
import json
import urllib.request
from collections.abc import Iterator

import pytest
from web_office import Browser, Page, WebOffice, running

from qbwc_server.store import audit
from qbwc_server.web.shared import now


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    with running(tmp_path_factory.mktemp("audit")) as started:
        yield started


@pytest.fixture(scope="module")
def ada(office: WebOffice) -> Browser:
    browser = Browser(office.url)
    browser.sign_in("ada")
    return browser


def _note(office: WebOffice, who: str, what: audit.What, **given: object) -> None:
    with office.app.database.write() as connection:
        audit.note(connection, who, what, now(), **given)  # type: ignore[arg-type]


def _rows(page: Page) -> list[list[str]]:
    return list(csv.reader(io.StringIO(page.text.removeprefix("\ufeff"))))


def test_what_was_done_is_shown_in_words_with_the_request_and_the_record(office: WebOffice, ada: Browser) -> None:
    list_id = office.list_id("customer", "")
    asked = office.ask("customer", "list_id", list_id, by="omar")
    page = ada.get("/audit?name=omar")
    assert "omar asked QuickBooks" in page.words
    assert f'href="/customers/{office.company}/{list_id}"' in page.text
    assert f'href="/refreshes/{asked.id}"' in page.text
    assert "marie" not in page.words
    french = ada.get("/audit?name=omar&lang=fr").words
    ada.get("/language?lang=en")
    assert "omar a fait une demande à QuickBooks" in french


def test_each_line_says_its_particulars(office: WebOffice, ada: Browser) -> None:
    _note(office, "ada", "role_changed", subject="luc", detail={"from": "viewer", "to": "admin"})
    _note(office, "ada", "session_revoked", subject="luc", detail={"sessions": 2})
    _note(office, "ada", "contact_changed", subject="luc", detail={"alerts": False})
    several = {"list": "item", "way": "list_id", "requests": [1, 2]}
    _note(office, "api:shop", "asked", company=office.company, detail=several)
    words = ada.get("/audit").words
    assert "changed a role luc Viewer → Administrator" in words
    assert "ended sessions luc 2 sessions" in words
    assert "changed e-mail or alerts luc alerts off" in words
    assert "api:shop asked QuickBooks Sample Hardware Items · 2 requests" in words


def test_lines_are_chosen_by_what_and_company_and_what_does_not_exist_is_not_found(
    office: WebOffice, ada: Browser
) -> None:
    _note(office, "root (qbwc)", "token_added", subject="shop", company=office.company)
    page = ada.get(f"/audit?what=token_added&company={office.company}")
    assert "root (qbwc) made an API token" in page.words
    assert "asked QuickBooks Sample" not in page.words
    assert "Nothing that was noted fits this choice." in ada.get("/audit?name=nobody+at+all").words
    for query in ("what=nothing", "company=nothing", "before=0", f"before={2**63}"):
        assert ada.get(f"/audit?{query}").status == 404, query


def test_a_line_of_a_later_release_is_shown_as_it_is(office: WebOffice, ada: Browser) -> None:
    _note(office, "ada", "something_new", detail={"x": [1], "requests": "y", "list": 7})  # type: ignore[arg-type]
    assert "ada something_new" in ada.get("/audit").words


def test_older_lines_are_a_page_further(office: WebOffice, ada: Browser) -> None:
    for number in range(60):
        _note(office, "pager", "signed_in", subject=f"line {number}")
    first = ada.get("/audit?name=pager")
    assert "line 59" in first.words
    assert "line 9 " not in first.words
    older = first.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = ada.get(older)
    assert "line 9 " in second.words
    assert "line 10 " not in second.words
    assert "Older" not in second.words
    assert "Back to the newest" in second.words


def test_the_export_holds_what_was_chosen_and_is_noted(office: WebOffice, ada: Browser) -> None:
    _note(office, "exporter", "user_added", subject="zoé", detail={"role": "viewer"})
    page = ada.get("/audit/export?name=exporter")
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in page.headers["Content-Disposition"]
    head, line = _rows(page)
    assert head == ["at", "who", "what", "deed", "company", "subject", "detail"]
    assert line[1:] == ["exporter", "user_added", "added a user", "", "zoé", '{"role": "viewer"}']
    assert line[0].endswith("Z")
    assert "ada exported this list" in ada.get("/audit?what=audit_exported").words


def test_the_export_says_how_many_lines_it_handed_out_and_does_not_hold_itself(office: WebOffice, ada: Browser) -> None:
    rows = _rows(ada.get("/audit/export"))
    with office.app.database.read() as connection:
        line = audit.page(connection, what="audit_exported").entries[0]
        everything, _ = audit.extent(connection, most=100_000)
    assert line.detail == {"lines": len(rows) - 1}
    assert len(rows) - 1 == everything - 1
    assert json.dumps(line.detail) not in [row[6] for row in rows]


def test_a_long_export_is_whole_and_in_order(office: WebOffice, ada: Browser) -> None:
    with office.app.database.write() as connection:
        for number in range(2_001):
            audit.note(connection, "many", "signed_in", now(), subject=f"line {number}")
    rows = _rows(ada.get("/audit/export?name=many"))
    assert [row[5] for row in rows[1:]] == [f"line {number}" for number in reversed(range(2_001))]


def test_asking_for_the_head_of_the_export_only_is_not_noted_as_exporting(office: WebOffice, ada: Browser) -> None:
    def exported() -> int:
        with office.app.database.read() as connection:
            return audit.extent(connection, what="audit_exported", most=1000)[0]

    before = exported()
    request = urllib.request.Request(f"{office.url}/audit/export", method="HEAD")  # noqa: S310 - our own server
    ada.jar.add_cookie_header(request)
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own server
        assert (answer.status, answer.headers.get_content_type(), answer.read()) == (200, "text/csv", b"")
    assert exported() == before
    ada.get("/audit/export")
    assert exported() == before + 1


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_export_is_a_formula(office: WebOffice, ada: Browser, begins: str) -> None:
    name = f'{begins}HYPERLINK("https://evil.example")'
    _note(office, "guard", "user_added", subject=name)
    rows = _rows(ada.get("/audit/export?name=guard"))
    assert rows[1][5] == f"'{name}"


def test_neither_names_of_records_nor_texts_looked_for_are_noted(office: WebOffice, ada: Browser) -> None:
    name = office.app.refreshing.search("customer").records[0].full_name
    office.ask("customer", "full_name", name)
    office.ask("customer", "find", "Looked-for")
    rows = _rows(ada.get("/audit/export"))
    assert len(rows) > 3
    assert name not in str(rows)
    assert "Looked-for" not in str(rows)


def test_looking_at_technical_details_is_for_administrators_and_noted(office: WebOffice, ada: Browser) -> None:
    list_id = office.list_id("item", "")
    path = f"/items/{office.company}/{list_id}/technical"
    record = ada.get(path.removesuffix("/technical"))
    assert f'href="{path}"' in record.text
    assert "looked at technical details" not in ada.get("/audit?what=saw_technical").words.partition("Particulars")[2]
    page = ada.get(path)
    assert list_id in page.words
    assert "EditSequence" in page.words
    line = ada.get("/audit?what=saw_technical").words.partition("Particulars")[2]
    assert f"ada looked at technical details {list_id}" in line
    marie = Browser(office.url)
    marie.sign_in("marie")
    assert marie.get(path).status == 403
    assert path not in marie.get(path.removesuffix("/technical")).text
    assert ada.get(f"/items/{office.company}/unknown/technical").status == 404
