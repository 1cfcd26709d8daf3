"""Deciding what to write for one record, without a database."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from qbwc_server.publish.filling import Form
from qbwc_server.publish.plan import Rules, State, Step, bad_key, plan
from qbwc_server.publish.records import Dirty
from qbwc_server.publish.tables import TARGETS, target
from qbwc_server.publish.values import ColumnValue

CUSTOMER = target("customer")
RULES = Rules("postgresql", "ours", frozenset())
EMPTY: dict[str, ColumnValue] = {column.shape.column: None for column in CUSTOMER.columns}
ROW: dict[str, ColumnValue] = {**EMPTY, "name": "A", "edit_sequence": "10", "is_deleted": False}


def dirty(seq: int = 5, *, is_deleted: bool = False, list_id: str = "1-1", **values: object) -> Dirty:
    whole = {"Name": "A", "EditSequence": "10", **values}
    return Dirty("acme", "customer", list_id, seq, whole, is_deleted, datetime(2026, 1, 1, tzinfo=UTC), single=False)


def decide(record: Dirty, state: State | None = None, row: dict[str, ColumnValue] | None = None) -> Step:
    form = Form(CUSTOMER, RULES.backend, RULES.private)
    return plan(form, record, state, None if row is None else tuple(row[name] for name in form.names), RULES)


@pytest.mark.parametrize("seq", [1, 5])
def test_what_was_published_before_is_answered_from_the_state(seq: int) -> None:
    step = decide(dirty(seq, Name="B"), State("ours", 5, "unchanged", ""), ROW)
    assert (step.published.outcome, step.published.seq) == ("unchanged", seq)
    assert (step.insert, step.changes, step.digest) == (None, None, None)


def test_a_state_of_another_stream_is_replaced() -> None:
    step = decide(dirty(1, Name="B"), State("theirs", 99, "updated", ""), ROW)
    assert (step.published.outcome, step.changes, step.fresh) == ("updated", {"name": "B"}, False)


def test_only_differences_are_changes() -> None:
    assert decide(dirty(), None, ROW).changes == {}
    assert decide(dirty(Phone="1"), None, ROW).changes == {"phone": "1"}
    assert decide(dirty(Name=None), None, ROW).changes == {"name": None}


def unread(seq: int, values_seq: int, *, is_deleted: bool = False) -> Dirty:
    return replace(dirty(seq, is_deleted=is_deleted), values=None, values_seq=values_seq)


def test_a_row_that_is_as_it_was_written_shows_values_that_have_not_changed_since() -> None:
    digest = decide(dirty(), None, ROW).digest
    assert digest is not None
    step = decide(unread(9, 5), State("ours", 5, "inserted", digest), ROW)
    assert (step.published.outcome, step.insert, step.changes, step.digest) == ("unchanged", None, {}, digest)


@pytest.mark.parametrize(
    ("state", "row"),
    [
        (("ours", 4), ROW),
        (("theirs", 8), ROW),
        (("ours", 5), {**ROW, "name": "altered"}),
        (("ours", 5), {**ROW, "is_deleted": True}),
        (("ours", 5), None),
        (None, ROW),
    ],
)
def test_values_are_wanted_where_the_website_may_not_show_them(
    state: tuple[str, int] | None, row: dict[str, ColumnValue] | None
) -> None:
    digest = decide(dirty(), None, ROW).digest or ""
    step = decide(unread(9, 5), None if state is None else State(*state, "inserted", digest), row)
    assert (step.published.outcome, step.insert, step.changes, step.digest) == ("unread", None, None, None)


def test_a_tombstone_needs_no_values_where_there_is_a_row() -> None:
    assert decide(unread(9, 5, is_deleted=True), None, ROW).changes == {"is_deleted": True}
    assert decide(unread(9, 5, is_deleted=True)).published.outcome == "unread"


def test_equal_rows_have_equal_digests() -> None:
    inserted, unchanged = decide(dirty()), decide(dirty(), None, ROW)
    assert inserted.digest == unchanged.digest
    assert inserted.digest != decide(dirty(Phone="1")).digest
    assert inserted.digest != decide(dirty(is_deleted=True)).digest


def test_a_tombstone_touches_nothing_else_even_if_a_value_would_not_fit() -> None:
    step = decide(dirty(Name="x" * 99, is_deleted=True), None, ROW)
    assert (step.published.outcome, step.changes) == ("deleted", {"is_deleted": True})
    again = decide(dirty(is_deleted=True), None, {**ROW, "is_deleted": True})
    assert (again.published.outcome, again.changes) == ("deleted", {})


@pytest.mark.parametrize("is_deleted", [True, False])
@pytest.mark.parametrize("row", [ROW, None])
def test_a_record_without_values_tells_at_most_that_it_is_deleted(
    row: dict[str, ColumnValue] | None, is_deleted: bool
) -> None:
    bare = replace(dirty(is_deleted=is_deleted), values={"TimeCreated": "2026-01-01T00:00:00Z"}, erased=True)
    step = decide(bare, None, row)
    assert step.published.outcome == ("deleted" if is_deleted else "unchanged")
    assert (step.insert, step.changes) == (None, {"is_deleted": True} if is_deleted and row else {})
    assert step.digest is not None


@pytest.mark.parametrize(
    ("website", "quickbooks", "outcome"),
    [
        ("10", "9", "held"),
        ("0010", "9", "held"),
        ("009", "10", "updated"),
        ("8" * 5000, "9", "held"),
        ("9", "10", "updated"),
        ("10", "10", "updated"),
        ("10", "010", "updated"),
        (None, "1", "updated"),
        ("10", None, "updated"),
        ("10", "x", "updated"),
    ],
)
def test_only_a_lower_number_holds(website: str | None, quickbooks: str | None, outcome: str) -> None:
    step = decide(dirty(Name="B", EditSequence=quickbooks), None, {**ROW, "edit_sequence": website})
    assert step.published.outcome == outcome
    assert (step.digest is None) == (outcome == "held")


def test_a_lower_number_that_a_person_let_pass_is_written() -> None:
    step = decide(replace(dirty(Name="B", EditSequence="9"), forced=True), None, ROW)
    assert (step.published.outcome, step.changes) == ("updated", {"name": "B", "edit_sequence": "9"})


def test_a_deleted_record_that_returns_with_a_lower_number_is_back() -> None:
    step = decide(dirty(EditSequence="9"), None, {**ROW, "is_deleted": True})
    assert (step.published.outcome, step.changes) == ("updated", {"edit_sequence": "9", "is_deleted": False})


def test_a_key_must_fit_exactly() -> None:
    assert bad_key(dirty(), "mysql") is None
    for backend, list_id, reason in (
        ("mysql", "1-1 ", "trailing_space"),
        ("postgresql", "x" * 37, "too_long"),
        ("sqlite", "a\0", "bad_character"),
    ):
        step = bad_key(dirty(list_id=list_id), backend)  # type: ignore[arg-type]
        assert step is not None
        assert (step.published.detail["column"], step.published.detail["reason"]) == ("list_id", reason)


def test_the_columns_are_those_of_the_contract() -> None:
    customers, items = (" ".join(column.name for column in aim.table.columns) for aim in TARGETS)
    parts = ("addr1", "addr2", "addr3", "addr4", "addr5", "city", "state", "postal_code", "country")
    addresses = " ".join(f"{kind}_address_{part}" for kind in ("bill", "ship") for part in parts)
    assert customers == (
        "company list_id name full_name parent_list_id sublevel is_active company_name salutation first_name "
        "middle_name last_name job_title email cc phone alt_phone fax contact alt_contact "
        f"{addresses} ship_to_addresses customer_type class terms sales_rep price_level currency sales_tax_code "
        "tax_registration_number preferred_delivery_method preferred_payment_method job_status balance "
        "total_balance custom_fields time_created time_modified edit_sequence is_deleted published_at"
    )
    assert items == (
        "company list_id type name full_name parent_list_id sublevel is_active class sku bar_code_value "
        "description price price_percent is_tax_included sales_tax_code tax_rate unit_of_measure quantity_on_hand "
        "quantity_on_order quantity_on_sales_order quantity_available lines special_item_type custom_fields "
        "time_created time_modified edit_sequence is_deleted published_at"
    )
    assert [[column.name for column in aim.table.primary_key] for aim in TARGETS] == [["company", "list_id"]] * 2
