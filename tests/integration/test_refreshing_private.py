"""Private fields that are published no more: still stored, and shown to nobody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from office import Books, Office, office_at

from qbwc_server.refreshing import Refresh, Refreshing

THEN = frozenset({"customer.Custom", "customer.Balance"})
CUSTOM = {"Colour": "red", "Cost code": "C-7"}


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with office_at(database_url, tmp_path, private=THEN) as made:
        yield made


def _seen(office: Office, books: Books, **custom: str) -> Refresh:
    """A refresh of the first customer, who has these custom fields."""
    list_id = books.list_ids("customer")[0]
    fields = [
        {"OwnerID": "0", "DataExtName": name, "DataExtType": "STR255TYPE", "DataExtValue": text}
        for name, text in custom.items()
    ]
    books.quickbooks.change("customer", list_id, DataExtRet=fields)
    asked = office.ask_one(books, "customer", "list_id", list_id)
    office.run(books)
    assert office.get(asked).state == "published"
    return asked


def _shown(office: Office, refresh: Refresh, *private: str) -> tuple[object, object, object]:
    """The custom fields of the record, and before and after in the change, where these are published."""
    refreshing = Refreshing(office.database, office.website, frozenset(private))
    record = refreshing.record("acme", "customer", refresh.value)
    (found,) = [one for one in refreshing.search("customer").records if one.list_id == refresh.value]
    assert found.values == record.values
    changed: list[Any] = [one for one in refreshing.get(refresh.id).changes if one.field == "Custom"]
    before, after = (changed[0].before, changed[0].after) if changed else (None, None)
    return record.values.get("Custom"), before, after


def test_custom_fields_are_shown_as_far_as_they_are_published_now(office: Office, books: Books) -> None:
    _seen(office, books, **CUSTOM)
    asked = _seen(office, books, **{**CUSTOM, "Colour": "blue"})
    blue = {**CUSTOM, "Colour": "blue"}
    assert _shown(office, asked, "customer.Custom") == (blue, CUSTOM, blue)
    assert _shown(office, asked, "customer.Custom.Colour") == (
        {"Colour": "blue"},
        {"Colour": "red"},
        {"Colour": "blue"},
    )
    assert _shown(office, asked, "item.Custom") == (None, None, None)
    assert _shown(office, asked) == (None, None, None)


def test_a_change_of_custom_fields_that_are_not_published_is_no_change(office: Office, books: Books) -> None:
    _seen(office, books, **CUSTOM)
    asked = _seen(office, books, **{**CUSTOM, "Colour": "blue"})
    assert _shown(office, asked, "customer.Custom.Cost code") == ({"Cost code": "C-7"}, None, None)


def test_where_no_published_custom_field_is_left_there_is_nothing_to_show(office: Office, books: Books) -> None:
    asked = _seen(office, books, **CUSTOM)
    assert _shown(office, asked, "customer.Custom.Size") == (None, None, None)


def test_a_balance_is_shown_only_while_it_is_published(office: Office, books: Books) -> None:
    _seen(office, books)
    books.quickbooks.change("customer", books.list_ids("customer")[0], Balance="12.00", touch=False)
    asked = _seen(office, books)
    for private, balances in ((THEN, ["12.00"]), (frozenset[str](), [])):
        refreshing = Refreshing(office.database, office.website, private)
        assert [one.after for one in refreshing.get(asked.id).changes if one.field == "Balance"] == balances
        assert ("Balance" in refreshing.record("acme", "customer", asked.value).values) is bool(balances)
