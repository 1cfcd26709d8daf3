"""Private fields and card data: neither asked for nor kept."""

from pathlib import Path

from office import Books, Office, office_at

PRIVATE = ("CreditLimit", "AccountNumber", "ResaleNumber", "Notes", "Balance", "TotalBalance", "PurchaseCost")


def test_private_fields_are_neither_asked_for_nor_stored(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    books.quickbooks.change(
        "customer", list_id, Notes="SECRET-NOTE-77", AccountNumber="ACCT-4711", CreditLimit="98765.43"
    )
    office.ask(books, "customer", "list_id", *books.list_ids("customer"))
    office.ask(books, "item", "list_id", *books.list_ids("item"))
    office.run(books)
    for text in books.quickbooks.message_sets:
        for name in PRIVATE:
            assert f"<IncludeRetElement>{name}</IncludeRetElement>" not in text
    for secret in (b"SECRET-NOTE-77", b"ACCT-4711", b"98765.43"):
        assert secret not in office.raw()


def test_private_fields_that_come_unasked_are_not_stored(office: Office, books: Books) -> None:
    list_id = books.list_ids("customer")[0]
    books.quickbooks.faults.refuse_include_ret = True
    books.quickbooks.change(
        "customer",
        list_id,
        Notes="SECRET-NOTE-77",
        CreditCardInfo={"CreditCardNumber": "4111111111111111", "NameOnCard": "CARDHOLDER"},
    )
    asked = office.ask_one(books, "customer", "list_id", list_id)
    visit = office.visit(books)
    refused = visit.send()
    visit.receive(*visit.answer(refused))
    answer = visit.answer(visit.send())[0]
    assert "SECRET-NOTE-77" in answer
    assert "4111111111111111" in answer
    assert visit.receive(answer) == 100
    visit.close()
    office.publish()
    assert office.get(asked).outcome == "inserted"
    for secret in (b"SECRET-NOTE-77", b"4111111111111111", b"CARDHOLDER"):
        assert secret not in office.raw()
        assert secret not in (office.folder / "site.db").read_bytes()


def test_a_private_field_that_the_owner_publishes_arrives(database_url: str, tmp_path: Path) -> None:
    with office_at(database_url, tmp_path, private=frozenset({"customer.Balance"})) as office:
        books = office.add()
        list_id = books.list_ids("customer")[0]
        books.quickbooks.change("customer", list_id, touch=False, Balance="12.34")
        office.ask_one(books, "customer", "list_id", list_id)
        office.run(books)
        row = office.website.row("acme", "customer", list_id)
        assert row is not None
        assert str(row["balance"]) == "12.34"
