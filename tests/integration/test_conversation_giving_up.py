"""What is asked for five times in vain ends with the reason of the last time, and names who can cure it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from office import Books, Office, Visit

from qbwc_server import codes
from qbwc_server.refreshing import Refresh
from qbwc_server.store import tables

SENDS = 5
KEPT = ("is kept", "sent again", "next check", "nothing is lost", "conservée", "repartira", "vérification", "perdu")


def _ask(office: Office, books: Books) -> Refresh:
    return office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])


def _given_up(office: Office, asked: Refresh, last: str) -> None:
    got = office.get(asked)
    assert (got.state, got.error_code, dict(got.error_values)) == ("failed", "given_up", {"last": last})
    blame = codes.find(last).blame
    for language in ("en", "fr"):
        error = got.as_json(language)["error"]
        assert codes.explain(language, last).message.split(".")[0] in error["message"]
        assert not [word for word in KEPT if word in error["message"]]
        assert error["who"] == ("office" if blame == "nobody" else blame)
        assert 2 <= len(error["steps"]) <= 3
        assert codes.explain(language, "given_up").steps[1] in error["steps"], "a person may try again"


@pytest.mark.parametrize("status", [1000, 1010, 3175, 3176])
def test_a_status_of_five_visits_ends_with_what_it_means(office: Office, books: Books, status: int) -> None:
    asked = _ask(office, books)
    other = office.ask_one(books, "customer", "full_name", str(books.quickbooks.customers()[1]["FullName"]))
    books.quickbooks.faults.status_for_list_id[books.list_ids("customer")[0]] = status
    for _ in range(SENDS):
        assert office.get(asked).state == "waiting"
        visit = office.run(books)
        assert visit.log[-1] == ("close", "OK")
        assert visit.round_trips == 1
    _given_up(office, asked, str(status))
    assert office.get(other).state == "published"


def test_a_list_that_quickbooks_always_forgets_ends_so(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "all")
    books.quickbooks.faults.status_for_request["CustomerQueryRq"] = 3391
    office.run(books)
    _given_up(office, asked, "3391")


@pytest.mark.parametrize(("status", "severity"), [(1, "Info"), (530, "Warn")])
def test_a_record_that_answers_leave_out_without_a_word_ends_so(
    office: Office, books: Books, status: int, severity: str
) -> None:
    asked = _ask(office, books)
    for _ in range(SENDS):
        visit = office.visit(books)
        request_id = visit.send().partition('requestID="')[2].partition('"')[0]
        head = f'requestID="{request_id}" statusCode="{status}" statusSeverity="{severity}" statusMessage="something"'
        visit.receive(f"<QBXML><QBXMLMsgsRs><CustomerQueryRs {head} /></QBXMLMsgsRs></QBXML>")
        visit.close()
    _given_up(office, asked, "left_out")


@pytest.mark.parametrize("hresult", ["0x80040401", "0x80040402", "0x8004040D", "0x8004FFFF"])
def test_an_hresult_of_five_visits_ends_with_what_it_means(office: Office, books: Books, hresult: str) -> None:
    asked = _ask(office, books)
    for _ in range(SENDS):
        assert office.get(asked).state == "waiting"
        books.quickbooks.faults.fail_next(hresult)
        office.run(books)
    _given_up(office, asked, hresult)


def _cut(answer: str) -> str:
    return answer[: len(answer) // 2]


NO_ANSWERS: dict[str, Callable[[str], str]] = {
    "truncated": _cut,
    "empty_answer": lambda _: "",
    "not_xml": lambda _: "QuickBooks is very busy today",
    "wrong_kind": lambda answer: answer.replace("CustomerQueryRs", "VendorQueryRs").replace("CustomerRet", "VendorRet"),
    "foreign_answer": lambda answer: answer.replace('requestID="', 'requestID="9'),
}


def _left_wrong(office: Office, books: Books, last: str) -> Visit:
    visit = office.visit(books)
    assert visit.receive(NO_ANSWERS[last](visit.answer(visit.send())[0])) == -1
    return visit


@pytest.mark.parametrize("last", NO_ANSWERS)
def test_what_was_no_answer_five_times_ends_with_what_was_wrong_with_it(
    office: Office, books: Books, last: str
) -> None:
    asked = _ask(office, books)
    for _ in range(SENDS):
        _left_wrong(office, books, last).close()
    _given_up(office, asked, last)


def test_the_reason_is_kept_when_another_connector_takes_over(office: Office, books: Books) -> None:
    asked = _ask(office, books)
    for _ in range(SENDS):
        _left_wrong(office, books, "truncated")
        office.let_pass(11)
    assert office.visit(books).status == "none"
    _given_up(office, asked, "truncated")


def test_the_reason_is_kept_when_the_connector_falls_silent(office: Office, books: Books) -> None:
    asked = _ask(office, books)
    for _ in range(SENDS):
        _left_wrong(office, books, "not_xml")
        office.let_pass(16)
        assert office.conversation.give_up_silent() == 1
    _given_up(office, asked, "not_xml")


def test_what_came_before_a_silence_is_still_the_last_reason_known(office: Office, books: Books) -> None:
    asked = _ask(office, books)
    for _ in range(SENDS - 1):
        _left_wrong(office, books, "truncated").close()
    visit = office.visit(books)
    assert visit.send()
    visit.close()
    _given_up(office, asked, "truncated")


def test_only_what_never_brought_anything_was_never_answered(office: Office, books: Books) -> None:
    asked = _ask(office, books)
    for _ in range(SENDS):
        visit = office.visit(books)
        assert visit.send()
        visit.close()
    got = office.get(asked)
    assert (got.error_code, dict(got.error_values)) == ("no_answer", {})


def test_a_reason_from_before_the_list_went_on_is_forgotten(
    office: Office, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbwc_server.conversation.paging.FIRST_PAGE", 5)
    monkeypatch.setattr("qbwc_server.conversation.paging.LONGEST_PAGE", 5)
    asked = office.ask_one(books, "customer", "all")
    _left_wrong(office, books, "truncated").close()
    visit = office.visit(books)
    assert visit.step() is not None
    assert visit.step() is not None
    for _ in range(SENDS):
        visit.send()
        visit.close()
        books.quickbooks.end_session()
        visit = office.visit(books)
    assert office.get(asked).error_code == "no_answer"


@contextmanager
def _without(office: Office, table: sa.Table) -> Iterator[None]:
    """Our own database is damaged meanwhile."""
    with office.database.write() as connection:
        connection.execute(sa.text(f"ALTER TABLE {table.name} RENAME TO away"))
    yield
    with office.database.write() as connection:
        connection.execute(sa.text(f"ALTER TABLE away RENAME TO {table.name}"))


def test_a_failure_of_our_own_is_told_as_ours(office: Office, books: Books) -> None:
    asked = _ask(office, books)
    for _ in range(SENDS):
        visit = office.visit(books)
        answer = visit.answer(visit.send())[0]
        with _without(office, tables.changes), pytest.raises(sa.exc.SQLAlchemyError):
            visit.receive(answer)
        assert visit.error() == codes.sentence("en", "internal")
        visit.close()
        assert office.count(tables.records) == 0
    _given_up(office, asked, "internal")
