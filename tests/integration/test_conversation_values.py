"""What comes of a record's values: hostile characters, unknown elements, fields not asked for, changes."""

from office import Books, Office


def test_control_characters_do_no_harm(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    for text in ("Oak&#x1F;ville", "Oak&#31;ville", "Oak\x1fville", "Oak\x00ville"):
        books.quickbooks.faults.raw_text[list_id, "BillAddress.City"] = text
        asked = office.ask_one(books, "customer", "list_id", list_id)
        assert office.run(books).log[-1] == ("close", "OK")
        assert office.get(asked).state == "published"
        row = office.website.row("acme", "customer", list_id)
        assert row is not None
        assert row["bill_address_city"] == "Oakville"


def test_a_newer_quickbooks_with_elements_nobody_knows_is_read(office: Office, books: Books) -> None:
    faults = books.quickbooks.faults
    faults.unknown_elements = (("ShinyNewThing", "1"),)
    faults.unknown_types = faults.percent_sign = faults.c1_references = True
    faults.omit_is_active = faults.omit_full_name = True
    asked = office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    asked += office.ask(books, "item", "list_id", *books.list_ids("item"))
    assert office.run(books).log[-1] == ("close", "OK")
    assert set(office.outcomes(asked)) == {"inserted"}


def test_what_was_not_asked_for_keeps_its_value(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    before = office.refreshing.record("acme", "customer", list_id).values
    newer = books.quickbooks.supported
    books.quickbooks.supported = newer[: newer.index("5.0") + 1]
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(asked).outcome == "unchanged"
    assert office.refreshing.record("acme", "customer", list_id).values == before


def test_changes_hold_the_fields_before_and_after(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    books.quickbooks.change("customer", list_id, Phone="555-0000", Fax=None)
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    changes = {one.field: (one.before, one.after) for one in office.get(asked).changes}
    assert changes["Phone"][1] == "555-0000"
    assert changes["Fax"][1] is None
    assert set(changes) == {"Phone", "Fax"}
