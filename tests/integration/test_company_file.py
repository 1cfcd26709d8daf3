"""The path of the company file, set anew by an administrator: what the next visits make of it."""

import pytest
from office import Books, Office

from qbwc_server.refreshing import Refresh
from qbwc_server.store import companies, company_files

WRONG = r"C:\Books\Old Books.qbw"
ANOTHER = "{11111111-2222-3333-4444-555555555555}"


def _set_file(office: Office, books: Books, path: str | None) -> companies.Company:
    with office.database.write() as connection:
        return company_files.set_file(connection, books.name, path)


def _attention(office: Office, books: Books) -> str | None:
    return office.refreshing.connection(books.name).attention_code


def _asked(office: Office, books: Books, number: int) -> Refresh:
    return office.ask_one(books, "customer", "list_id", books.list_ids("customer")[number])


def test_the_next_visit_opens_the_file_that_was_set(office: Office, books: Books) -> None:
    _set_file(office, books, WRONG)
    _asked(office, books, 0)
    assert office.visit(books).status == WRONG
    assert _set_file(office, books, books.quickbooks.path).company_file == books.quickbooks.path
    assert office.visit(books).status == books.quickbooks.path
    assert _set_file(office, books, None).company_file is None
    assert office.visit(books).status == "", "whichever is open"


def test_a_path_that_quickbooks_cannot_find_is_no_trouble_once_it_is_corrected(office: Office, books: Books) -> None:
    for corrected in (books.quickbooks.path, None):
        _set_file(office, books, WRONG)
        asked = _asked(office, books, 0)
        office.visit(books).fail("0x80040406")
        assert _attention(office, books) == "0x80040406"
        _set_file(office, books, corrected)
        assert _attention(office, books) is None
        office.run(books)
        assert office.get(asked).state == "published"


def test_without_a_file_id_the_file_that_was_set_counts_and_the_one_accepted_before_no_more(
    office: Office, books: Books
) -> None:
    books.quickbooks.file_ids.clear()
    right, books.quickbooks.path = books.quickbooks.path, WRONG
    _asked(office, books, 0)
    office.run(books)
    assert office.company(books).accepted_file == WRONG
    _set_file(office, books, right)
    asked = _asked(office, books, 1)
    office.run(books)
    assert (_attention(office, books), office.get(asked).state) == ("file_unconfirmed", "waiting")
    books.quickbooks.path = right
    office.run(books)
    assert (_attention(office, books), office.get(asked).state) == (None, "published")
    assert office.company(books).accepted_file == right


def test_setting_the_path_of_the_accepted_file_leaves_it_accepted(office: Office, books: Books) -> None:
    _asked(office, books, 0)
    office.run(books)
    before = office.company(books)
    after = _set_file(office, books, books.quickbooks.path.upper())
    assert (after.accepted_file, after.accepted_name) == (before.accepted_file, before.accepted_name)
    assert after.accepted_file == books.quickbooks.path


def test_a_file_with_our_file_id_is_taken_whatever_path_was_set(office: Office, books: Books) -> None:
    _asked(office, books, 0)
    office.run(books)
    _set_file(office, books, WRONG)
    asked = _asked(office, books, 1)
    office.run(books)
    assert office.get(asked).state == "published"


@pytest.mark.parametrize("trouble", ["wrong_file", "file_unconfirmed"])
def test_without_a_path_another_file_is_refused_as_before_and_can_be_accepted_where_that_helps(
    office: Office, books: Books, trouble: str
) -> None:
    books.quickbooks.file_ids.clear()
    _asked(office, books, 0)
    office.run(books)
    if trouble == "wrong_file":
        books.quickbooks.file_ids[books.owner_id] = ANOTHER
    books.quickbooks.path = r"C:\Books\Another.qbw"
    asked = _asked(office, books, 1)
    office.run(books)
    assert _attention(office, books) == trouble
    _set_file(office, books, None)
    assert _attention(office, books) == trouble
    office.run(books)
    assert (_attention(office, books), office.get(asked).state) == (trouble, "waiting")


def test_a_file_that_waits_to_be_accepted_waits_no_more_once_another_was_named(office: Office, books: Books) -> None:
    books.quickbooks.file_ids.clear()
    _set_file(office, books, WRONG)
    asked = _asked(office, books, 0)
    office.run(books)
    assert _attention(office, books) == "file_unconfirmed"
    _set_file(office, books, books.quickbooks.path)
    assert _attention(office, books) is None
    office.run(books)
    assert office.get(asked).state == "published"


@pytest.mark.parametrize("path", ["", " ", "C:\\" + "x" * 1022, "C:\\a\n.qbw"])
def test_a_path_that_windows_cannot_have_changes_nothing(office: Office, books: Books, path: str) -> None:
    _set_file(office, books, WRONG)
    with pytest.raises(companies.BadCompanyFile, match="1024"):
        _set_file(office, books, path)
    assert office.company(books).company_file == WRONG


def test_only_a_company_that_is_there_has_a_file(office: Office) -> None:
    with office.database.write() as connection, pytest.raises(companies.UnknownCompany):
        company_files.set_file(connection, "nobody", None)


def test_a_file_of_another_connection_cannot_be_accepted_even_while_one_waits(office: Office, books: Books) -> None:
    books.quickbooks.file_ids[books.owner_id] = ANOTHER
    asked = _asked(office, books, 0)
    office.run(books)
    for attention in ("wrong_file", "file_unconfirmed"):
        with office.database.write() as connection:
            companies.notice(connection, books.name, attention=attention)
        with office.database.write() as connection, pytest.raises(company_files.ForeignFile, match="open the right"):
            company_files.accept(connection, books.name)
        assert _attention(office, books) == attention
    assert (office.company(books).accepted_file, office.get(asked).state) == (None, "waiting")


@pytest.mark.parametrize("attention", [None, "file_unconfirmed"])
def test_where_no_file_was_ever_seen_none_is_accepted(office: Office, books: Books, attention: str | None) -> None:
    with office.database.write() as connection:
        companies.notice(connection, books.name, attention=attention)
    with office.database.write() as connection, pytest.raises(company_files.NothingToAccept):
        company_files.accept(connection, books.name)
    assert _attention(office, books) == attention
