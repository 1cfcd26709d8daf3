"""The website's database on the real engines."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from qbwc_server.publish import Dirty, Freshness, Published, Website
from qbwc_server.publish.filling import names_of
from qbwc_server.publish.statements import find
from qbwc_server.publish.tables import target

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PRIVATE = frozenset({"customer.Balance", "item.Custom.Colour"})
CUSTOMER = {
    "Name": "Quincaillerie Bélanger 🔨",
    "FullName": "Quincaillerie Bélanger 🔨",
    "IsActive": True,
    "Sublevel": 0,
    "Email": "a@example.com",
    "BillAddress.City": "Montréal",
    "Balance": "1204.50",
    "TotalBalance": "9.99",
    "ShipToAddresses": [{"Name": "Depot", "City": "Laval"}],
    "TimeModified": "2026-03-01T07:00:00-05:00",
    "EditSequence": "1700000000",
}


@pytest.fixture
def website(website_url: str) -> Iterator[Website]:
    site = Website(website_url, "stream-a", PRIVATE)
    site.install()
    site.check()
    yield site
    site.close()


def customer(seq: int, list_id: str = "80000001-1", **changes: object) -> Dirty:
    company = str(changes.pop("company", "acme"))
    is_deleted = bool(changes.pop("is_deleted", False))
    single = bool(changes.pop("single", False))
    at = NOW + timedelta(seconds=seq)
    return Dirty(company, "customer", list_id, seq, {**CUSTOMER, **changes}, is_deleted, at, single)


def item(seq: int, list_id: str = "80000001-1", **changes: object) -> Dirty:
    values = {"Type": "ItemInventory", "Name": "Bolt", "FullName": "Bolt", "EditSequence": "10", **changes}
    return Dirty("acme", "item", list_id, seq, values, is_deleted=False, observed_at=NOW, single=False)


def publish(site: Website, *batch: Dirty, now: datetime = NOW) -> list[str]:
    return [published.outcome for published in site.publish(batch, [], now)]


def one(site: Website, dirty: Dirty, now: datetime = NOW) -> Published:
    (published,) = site.publish([dirty], [], now)
    return published


def row(site: Website, list_name: str = "customer", list_id: str = "80000001-1") -> dict[str, Any]:
    found = site.row("acme", list_name, list_id)
    assert found is not None
    return dict(found)


def test_a_new_record_is_inserted_whole(website: Website) -> None:
    assert publish(website, customer(1)) == ["inserted"]
    found = row(website)
    assert found["name"] == "Quincaillerie Bélanger 🔨"
    assert found["is_active"] is True
    assert found["sublevel"] == 0
    assert found["bill_address_city"] == "Montréal"
    assert found["ship_to_addresses"] == '[{"City": "Laval", "Name": "Depot"}]'
    assert found["phone"] is None
    assert found["is_deleted"] is False
    assert found["published_at"] == NOW


def test_an_unchanged_record_writes_no_row(website: Website) -> None:
    publish(website, customer(1))
    before = row(website)
    assert publish(website, customer(2), now=LATER) == ["unchanged"]
    assert row(website) == before
    state = website.state("acme", "customer", "80000001-1")
    assert state is not None
    assert (state["seq"], state["outcome"], state["stream_id"]) == (2, "unchanged", "stream-a")


def test_a_change_is_written_and_an_absent_value_becomes_null(website: Website) -> None:
    publish(website, customer(1))
    assert publish(website, customer(2, Phone="514 555-0100", Email=None, EditSequence="9"), now=LATER) == ["held"]
    assert publish(website, customer(2, Phone="514 555-0100", Email=None), now=LATER) == ["updated"]
    found = row(website)
    assert (found["phone"], found["email"], found["published_at"]) == ("514 555-0100", None, LATER)


def test_a_redelivery_changes_nothing_and_returns_the_first_outcome(website: Website) -> None:
    publish(website, customer(1))
    publish(website, customer(3, Phone="3"))
    before = row(website)
    assert publish(website, customer(3, Phone="3"), now=LATER) == ["updated"]
    assert publish(website, customer(1), now=LATER) == ["updated"]
    assert row(website) == before


def test_private_fields_stay_null_unless_published(website: Website) -> None:
    publish(website, customer(1), item(2, Custom={"Colour": "red", "Cost code": "7"}, Lines=[{"list_id": "1"}]))
    found = row(website)
    assert Decimal(found["balance"]) == Decimal("1204.50")
    assert found["total_balance"] is None
    assert found["custom_fields"] is None
    assert row(website, "item")["custom_fields"] == '{"Colour": "red"}'
    assert row(website, "item")["lines"] is None


def test_a_field_made_private_again_is_emptied(website: Website, website_url: str) -> None:
    publish(website, customer(1))
    closed = Website(website_url, "stream-a", frozenset())
    assert publish(closed, customer(2)) == ["updated"]
    closed.close()
    assert row(website)["balance"] is None


def test_decimals_are_exact(website: Website) -> None:
    publish(website, item(1, Price="1234567890123.12345", QuantityOnHand="-0.30000", TaxRate="9.975"))
    found = row(website, "item")
    if website.engine.dialect.name == "sqlite":
        assert (found["price"], found["quantity_on_hand"]) == ("1234567890123.12345", "-0.30000")
    else:
        assert (found["price"], found["quantity_on_hand"]) == (Decimal("1234567890123.12345"), Decimal("-0.3"))


def test_another_spelling_of_a_number_changes_only_a_text_column(website: Website) -> None:
    publish(website, item(1, Price="1.5"))
    expected = "updated" if website.engine.dialect.name == "sqlite" else "unchanged"
    assert publish(website, item(2, Price="1.50")) == [expected]


def test_a_tombstone_sets_is_deleted_and_a_return_clears_it(website: Website) -> None:
    publish(website, customer(1))
    before = row(website)
    assert publish(website, customer(2, is_deleted=True, Name="x"), now=LATER) == ["deleted"]
    assert row(website) == {**before, "is_deleted": True, "published_at": LATER}
    assert publish(website, customer(3, is_deleted=True), now=NOW) == ["deleted"]
    assert row(website)["published_at"] == LATER
    assert publish(website, customer(4), now=NOW) == ["updated"]
    assert row(website) == before


def test_a_tombstone_for_a_missing_row_is_inserted_whole(website: Website) -> None:
    assert publish(website, customer(1, is_deleted=True)) == ["deleted"]
    assert row(website)["is_deleted"] is True
    assert row(website)["email"] == "a@example.com"


def test_list_ids_that_differ_in_case_are_different_rows(website: Website) -> None:
    batch = [customer(1, "abc-1", Name="lower"), customer(2, "ABC-1", Name="upper")]
    assert publish(website, *batch) == ["inserted", "inserted"]
    assert publish(website, *batch) == ["inserted", "inserted"]
    assert row(website, list_id="abc-1")["name"] == "lower"
    assert row(website, list_id="ABC-1")["name"] == "upper"


def test_one_id_in_two_lists_and_two_companies_is_three_rows(website: Website) -> None:
    assert publish(website, customer(1), item(2), customer(1, company="other", Name="O")) == ["inserted"] * 3
    assert row(website)["name"] == CUSTOMER["Name"]
    assert row(website, "item")["name"] == "Bolt"
    assert website.highest_seq() == {"acme": 2, "other": 1}


def test_an_older_edit_sequence_with_other_values_is_held(website: Website) -> None:
    publish(website, customer(1))
    before, state = row(website), website.state("acme", "customer", "80000001-1")
    held = one(website, customer(2, Name="Old name", EditSequence="999999999", single=True), LATER)
    assert held.outcome == "held"
    assert held.detail == {"website": "1700000000", "quickbooks": "999999999"}
    assert row(website) == before
    assert website.state("acme", "customer", "80000001-1") == state
    assert website.checked_at("acme", "customer", "80000001-1") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"EditSequence": "999999999"},
        {"EditSequence": "999999999", "TimeModified": "2020-01-01T00:00:00"},
        {"TimeModified": "2020-01-01T00:00:00", "Name": "N"},
        {"EditSequence": "10000000000", "Name": "N"},
    ],
)
def test_nothing_else_holds_a_record(website: Website, changes: dict[str, Any]) -> None:
    publish(website, customer(1))
    assert publish(website, customer(2, **changes)) == ["updated"]


@pytest.mark.parametrize(
    ("field", "value", "column", "length", "limit"),
    [
        ("Phone", "x" * 22, "phone", "22", "21"),
        ("Balance", "12345678901234", "balance", "14", "13"),
        ("Balance", "0.123456", "balance", "6", "5"),
    ],
)
def test_a_value_that_does_not_fit_keeps_only_its_record_back(
    website: Website, field: str, value: str, column: str, length: str, limit: str
) -> None:
    batch = [customer(1, "a-1"), customer(2, "b-1", **{field: value}), customer(3, "c-1")]
    first, second, third = website.publish(batch, [], NOW)
    assert (first.outcome, third.outcome) == ("inserted", "inserted")
    if website.engine.dialect.name == "sqlite":
        assert second.outcome == "inserted"
        assert row(website, list_id="b-1")[column] == value
        return
    assert second.outcome == "refused_value"
    assert (second.detail["column"], second.detail["length"], second.detail["limit"]) == (column, length, limit)
    assert website.row("acme", "customer", "b-1") is None
    assert website.state("acme", "customer", "b-1") is None


def test_a_limit_of_the_owners_own_keeps_only_its_record_back(website: Website) -> None:
    with website.engine.connect().execution_options(qbwc_write=True) as connection, connection.begin():
        connection.exec_driver_sql("CREATE UNIQUE INDEX one_name ON customers (name)")
    batch = [customer(1, "a-1", Name="A"), customer(2, "b-1", Name="A"), customer(3, "c-1", Name="C")]
    first, second, third = website.publish(batch, [Freshness("acme", "customer", NOW)], NOW)
    assert [first.outcome, second.outcome, third.outcome] == ["inserted", "refused_value", "inserted"]
    assert second.detail["reason"] == "database"
    assert website.freshness("acme", "customer") is not None
    assert website.state("acme", "customer", "b-1") is None


def test_a_trailing_blank_never_makes_two_keys_one(website: Website) -> None:
    outcomes = publish(website, customer(1, "a-1"), customer(2, "a-1 ", Name="Blank"))
    expected = "refused_value" if website.engine.dialect.name == "mysql" else "inserted"
    assert outcomes == ["inserted", expected]
    assert row(website, list_id="a-1")["name"] == CUSTOMER["Name"]


def test_any_order_with_duplicates_ends_at_the_newest(website: Website) -> None:
    dice = random.Random(7)
    deliveries = [
        customer(seq, f"{number}-1", Name=f"v{seq}", single=True)
        for number in range(12)
        for seq in range(number + 1, number + 13)
    ] * 2
    dice.shuffle(deliveries)
    while deliveries:
        size = dice.randint(1, 20)
        website.publish(deliveries[:size], [], NOW)
        del deliveries[:size]
    found = website.rows("acme", "customer")
    assert {each["list_id"]: each["name"] for each in found} == {f"{n}-1": f"v{n + 12}" for n in range(12)}
    assert website.checked_at("acme", "customer", "3-1") == NOW + timedelta(seconds=15)


def test_of_one_record_twice_in_a_batch_the_newest_is_written(website: Website) -> None:
    published = website.publish([customer(2, Name="new"), customer(1, Name="old")], [], NOW)
    assert [(each.seq, each.outcome) for each in published] == [(2, "inserted"), (1, "inserted")]
    assert row(website)["name"] == "new"


def test_another_stream_is_no_guard(website: Website, website_url: str) -> None:
    publish(website, customer(50))
    other = Website(website_url, "stream-b", PRIVATE)
    assert other.highest_seq() == {}
    assert publish(other, customer(1, Name="b")) == ["updated"]
    assert other.highest_seq() == {"acme": 1}
    assert website.highest_seq() == {}
    other.close()


def test_freshness_leaves_what_is_not_said(website: Website) -> None:
    website.publish([], [Freshness("acme", "customer", NOW, last_full_read_at=NOW, complete=True)], NOW)
    website.publish([], [Freshness("acme", "customer", LATER, last_changed_read_at=LATER)], NOW)
    found = website.freshness("acme", "customer")
    assert found is not None
    assert found["last_contact_at"] == found["last_changed_read_at"] == LATER
    assert (found["last_full_read_at"], found["complete"]) == (NOW, True)
    assert website.freshness("acme", "item") is None


def test_a_single_refresh_is_noted_as_checked(website: Website) -> None:
    publish(website, customer(1), customer(2, "80000002-1", single=True))
    assert website.checked_at("acme", "customer", "80000001-1") is None
    assert website.checked_at("acme", "customer", "80000002-1") == NOW + timedelta(seconds=2)
    publish(website, customer(3, "80000002-1", single=True))
    assert website.checked_at("acme", "customer", "80000002-1") == NOW + timedelta(seconds=3)


def test_a_large_batch_goes_through(website: Website) -> None:
    batch = [customer(number + 1, f"{number:08X}-1") for number in range(1200)]
    assert set(publish(website, *batch)) == {"inserted"}
    assert set(publish(website, *(customer(each.seq + 5000, each.list_id) for each in batch))) == {"unchanged"}
    changed = [customer(each.seq + 9000, each.list_id, Phone=str(each.seq)) for each in batch]
    assert set(publish(website, *changed)) == {"updated"}


def test_postgresql_looks_each_record_up_by_its_key_while_it_has_no_statistics(website: Website) -> None:
    if website.engine.dialect.name != "postgresql":
        pytest.skip("the others look up by the key anyway")
    publish(website, *(customer(number + 1, f"{number:08X}-1") for number in range(100)))
    aim = target("customer")
    query = find(aim.table, ("company",), names_of(aim), "postgresql").compile(dialect=website.engine.dialect)
    values = query.construct_params({"company": "acme", "list_ids": ["00000001-1", "00000002-1"]})
    with website.engine.connect() as connection:
        told = connection.exec_driver_sql(f"EXPLAIN {query}", values).scalars().all()
    (condition,) = [line for line in told if "Index Cond" in line]
    assert "list_id" in condition


def test_after_a_restored_backup_the_highest_seq_is_known_and_the_lifted_counter_publishes(website: Website) -> None:
    publish(website, customer(41), item(57))
    assert publish(website, customer(30, Name="written after the restore")) == ["inserted"]
    assert row(website)["name"] == CUSTOMER["Name"]
    lifted = website.highest_seq()["acme"] + 1
    assert lifted == 58
    assert publish(website, customer(lifted, Name="written after the restore")) == ["updated"]
