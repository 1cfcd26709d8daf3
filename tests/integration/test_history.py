"""What changed of a record, from the first time it was seen on."""

from office import Books, Office

from qbwc_server.store import history, tables


def changes(office: Office, books: Books, list_id: str) -> list[history.Change]:
    numbers = [row["seq"] for row in office.rows(tables.changes, tables.changes.c.list_id == list_id)]
    with office.database.read() as connection:
        found = history.changes_at(connection, books.name, numbers)
    return [found[number] for number in sorted(numbers)]


def read(office: Office, books: Books, list_id: str) -> None:
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)


def test_what_a_record_looked_like_at_first_is_told_after_many_changes(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    books.quickbooks.change("customer", list_id, Phone="555-0001", Fax="")
    read(office, books, list_id)
    at_first = changes(office, books, list_id)[0]
    books.quickbooks.change("customer", list_id, Phone="555-0002", Fax="555-0003")
    read(office, books, list_id)
    books.quickbooks.change("customer", list_id, Phone="")
    read(office, books, list_id)
    first, second, third = changes(office, books, list_id)
    assert first == at_first
    assert {"field": "Phone", "before": None, "after": "555-0001"} in first.fields
    assert [part["field"] for part in second.fields] == ["Fax", "Phone"]
    assert third.fields == [{"field": "Phone", "before": "555-0002", "after": None}]


def test_what_every_edit_moves_is_no_field_of_a_first_change(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    read(office, books, list_id)
    told = {part["field"] for part in changes(office, books, list_id)[0].fields}
    assert {"Name", "ListID"} <= told
    assert not told & history.NO_CHANGE
