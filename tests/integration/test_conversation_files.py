"""Which company file is open, and two companies that never see each other."""

from pathlib import Path

import pytest
from office import Books, Caller, Office, office_at

from qbwc_server import codes
from qbwc_server.refreshing import IdempotencyConflict, UnknownRecord, UnknownRefresh, Wish
from qbwc_server.store import company_files, tables


def _refused(office: Office, books: Books, code: str) -> None:
    """A visit to which nothing is sent, and that is told why."""
    before = books.quickbooks.set_count
    visit = office.run(books)
    assert visit.log[-3][0:2] == ("send", False)
    path = books.quickbooks.path
    assert visit.sentence == codes.sentence("en", code, file=path, company=books.name)
    assert books.quickbooks.set_count == before
    view = office.refreshing.connection(books.name)
    assert (view.state, view.attention_code) == ("needs_attention", code)


def test_our_file_id_is_enough_whatever_the_path(office: Office, books: Books) -> None:
    first, second = books.list_ids("customer", 2)
    office.ask_one(books, "customer", "list_id", first)
    office.run(books)
    books.quickbooks.path = r"D:\Moved\Books.qbw"
    asked = office.ask_one(books, "customer", "list_id", second)
    office.run(books)
    assert office.get(asked).state == "published"
    view = office.refreshing.connection("acme")
    assert (view.file, view.file_name) == (r"D:\Moved\Books.qbw", "Sample Hardware")


def test_another_file_id_sends_nothing_and_everybody_is_told(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    books.quickbooks.file_ids[books.owner_id] = "{11111111-2222-3333-4444-555555555555}"
    for _ in range(6):
        _refused(office, books, "wrong_file")
    assert office.get(asked).state == "waiting"
    assert office.rows(tables.refreshes)[0]["unanswered"] == 0
    books.quickbooks.file_ids[books.owner_id] = books.file_id
    office.run(books)
    assert office.get(asked).state == "published"
    assert office.refreshing.connection("acme").attention_code is None


def test_file_ids_are_compared_without_case_and_braces(office: Office, books: Books) -> None:
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    books.quickbooks.file_ids = {books.owner_id.strip("{}").lower(): books.file_id.strip("{}").lower()}
    office.run(books)
    assert office.get(asked).state == "published"


def test_without_a_file_id_the_first_file_is_taken_once_and_another_path_is_refused(
    office: Office, books: Books
) -> None:
    first, second, third = books.list_ids("customer", 3)
    books.quickbooks.file_ids.clear()
    asked = office.ask_one(books, "customer", "list_id", first)
    office.run(books)
    assert office.get(asked).state == "published"
    assert office.company(books).accepted_file == books.quickbooks.path
    again = office.ask_one(books, "customer", "list_id", second)
    office.run(books)
    assert office.get(again).state == "published"
    books.quickbooks.path = r"C:\Books\Another.qbw"
    refused = office.ask_one(books, "customer", "list_id", third)
    _refused(office, books, "file_unconfirmed")
    assert office.get(refused).state == "waiting"
    with office.database.write() as connection:
        company_files.accept(connection, "acme")
    office.run(books)
    assert office.get(refused).state == "published"


@pytest.mark.parametrize("hcp", ["", "no xml at all", "<QBXML><QBXMLMsgsRs>"])
def test_without_a_readable_hcp_answer_the_path_decides(office: Office, books: Books, hcp: str) -> None:
    office.change_company(books, company_file=r"C:\BOOKS\sample hardware.QBW")
    books.quickbooks.faults.hcp_text = hcp
    asked = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    office.run(books)
    assert office.get(asked).state == "published"
    books.quickbooks.path = r"C:\Books\Another.qbw"
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[1])
    _refused(office, books, "file_unconfirmed")


def test_the_configured_file_is_asked_for_at_authenticate(office: Office, books: Books) -> None:
    office.change_company(books, company_file=books.quickbooks.path)
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    assert office.visit(books).status == books.quickbooks.path


def test_the_file_is_checked_anew_in_each_visit(office: Office, books: Books) -> None:
    first, second = books.list_ids("customer", 2)
    office.ask_one(books, "customer", "list_id", first)
    office.run(books)
    office.ask_one(books, "customer", "list_id", second)
    books.quickbooks.file_ids[books.owner_id] = "{11111111-2222-3333-4444-555555555555}"
    _refused(office, books, "wrong_file")


def test_a_french_server_says_so_in_french(database_url: str, tmp_path: Path) -> None:
    with office_at(database_url, tmp_path, language="fr") as office:
        books = office.add()
        books.quickbooks.file_ids[books.owner_id] = "{11111111-2222-3333-4444-555555555555}"
        office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
        visit = office.run(books)
        assert visit.sentence == codes.sentence("fr", "wrong_file", file=books.quickbooks.path, company="acme")


# Two companies.


@pytest.fixture
def other(office: Office) -> Books:
    return office.add("zenith")


def test_two_companies_with_the_same_ids_have_their_own_records_and_numbers(
    office: Office, books: Books, other: Books
) -> None:
    list_id = books.list_ids("customer")[0]
    assert other.list_ids("customer")[0] == list_id
    other.quickbooks.change("customer", list_id, Phone="555-2222")
    books.quickbooks.change("customer", list_id, Phone="555-1111")
    mine = office.ask_one(books, "customer", "list_id", list_id)
    theirs = office.ask_one(other, "customer", "list_id", list_id)
    assert office.run(books).round_trips == 1
    assert office.states([mine, theirs]) == ["published", "waiting"]
    assert (office.company(books).seq, office.company(other).seq) == (1, 0)
    office.run(other)
    assert office.company(other).seq == 1
    rows = [office.website.row(name, "customer", list_id) for name in ("acme", "zenith")]
    assert [row["phone"] for row in rows if row is not None] == ["555-1111", "555-2222"]


def test_two_visits_at_once_do_not_disturb_each_other(office: Office, books: Books, other: Books) -> None:
    mine = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    theirs = office.ask_one(other, "customer", "list_id", other.list_ids("customer")[1])
    one, two = office.visit(books), office.visit(other)
    mine_sent, theirs_sent = one.send(), two.send()
    assert two.receive(*two.answer(theirs_sent)) == 100
    assert one.receive(*one.answer(mine_sent)) == 100
    assert (one.close(), two.close()) == ("OK", "OK")
    assert office.states([mine, theirs]) == ["answered", "answered"]


def test_the_answer_of_one_company_is_nothing_to_the_other(office: Office, books: Books, other: Books) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    theirs = office.ask_one(other, "customer", "list_id", list_id)
    one, two = office.visit(books), office.visit(other)
    answer = one.answer(one.send())[0]
    right = two.answer(two.send())[0]
    assert two.receive(answer) == -1
    assert two.error() == codes.sentence("en", "foreign_answer")
    assert office.count(tables.records) == 0
    assert two.receive(right) == 100
    assert two.close() == "OK"
    assert office.get(theirs).state == "answered"


def test_no_password_opens_the_other_company(office: Office, books: Books, other: Books) -> None:
    office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    assert office.conversation.authenticate("acme", other.password, Caller())[1] == "nvu"
    assert office.refreshing.connection("zenith").wrong_passwords == 0


def test_a_door_bound_to_one_company_sees_nothing_of_the_other(office: Office, books: Books, other: Books) -> None:
    mine = office.ask_one(books, "customer", "list_id", books.list_ids("customer")[0])
    office.run(books)
    with pytest.raises(UnknownRefresh):
        office.refreshing.get(mine.id, company="zenith")
    with pytest.raises(UnknownRefresh):
        office.refreshing.cancel(mine.id, "anna", company="zenith")
    with pytest.raises(UnknownRefresh):
        office.refreshing.retry(mine.id, "anna", company="zenith")
    assert office.refreshing.list(company="zenith") == ()
    assert office.refreshing.search("customer", company="zenith").total == 0
    with pytest.raises(UnknownRecord):
        office.refreshing.record("zenith", "customer", mine.value)
    assert office.visit(other).status == "none"


def test_an_idempotency_key_belongs_to_who_used_it(office: Office, books: Books, other: Books) -> None:
    list_id = books.list_ids("customer")[0]
    mine, theirs = Wish("acme", "customer", "list_id", list_id), Wish("zenith", "customer", "list_id", list_id)
    first = office.refreshing.ask([mine], "token-a", idempotency_key="k1")[0]
    second = office.refreshing.ask([Wish(other.name, "customer", "list_id", list_id)], "token-z", idempotency_key="k1")[
        0
    ]
    assert first.refresh.company != second.refresh.company
    repeated = office.refreshing.ask([mine], "token-a", idempotency_key="k1")[0]
    assert (repeated.refresh.id, repeated.joined) == (first.refresh.id, False)
    with pytest.raises(IdempotencyConflict):
        office.refreshing.ask([theirs], "token-a", idempotency_key="k1")
    assert office.count(tables.refreshes) == 2
