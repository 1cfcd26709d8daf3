"""What is written for a record of a mapped target: values in, a step out."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from qbwc_server.publish.mapping.cells import Cell
from qbwc_server.publish.mapping.decide import Found, Row, Seen, Step, already, decide, seen_in
from qbwc_server.publish.mapping.form import Form
from qbwc_server.publish.mapping.model import NOW, ColumnRule, KeyPart, Lookup, TargetRule
from qbwc_server.publish.mapping.reflected import Limit
from qbwc_server.publish.plan import State
from qbwc_server.publish.records import Dirty

AT = datetime(2026, 3, 1, tzinfo=UTC)
BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
RULE = TargetRule(
    name="products",
    list="item",
    table="products",
    key=(KeyPart("qb", "ListID"),),
    columns=(
        ColumnRule("name", "Name"),
        ColumnRule("price", "Price", empty="keep"),
        ColumnRule("edit", "EditSequence"),
        ColumnRule("active", "IsActive"),
        ColumnRule("category", "Custom.Category", lookup=Lookup("categories", "name", "id", missing="hold")),
        ColumnRule("updated_at", value=NOW, when="changed"),
        ColumnRule("created_at", value=NOW, when="insert"),
    ),
    adopt=((("name", "Name"),), (("price", "Price"),)),
    inactive=(("active", False),),
    notfound="same-as-inactive",
)
LIMITS = {
    "qb": Limit("text"),
    "name": Limit("text", length=9),
    "price": Limit("decimal"),
    "edit": Limit("text"),
    "active": Limit("bool"),
    "category": Limit("int"),
    "updated_at": Limit("datetime"),
    "created_at": Limit("datetime"),
}
VALUES: dict[str, object] = {"Name": "Bolt", "Price": "2", "EditSequence": "20", "IsActive": True}


def form(**changes: Any) -> Form:
    return Form(replace(RULE, **changes), LIMITS, "postgresql")


FORM = form()


def record(seq: int = 5, **changes: object) -> Dirty:
    values = {name: value for name, value in {**VALUES, **changes}.items() if value is not None}
    return Dirty("acme", "item", "8-1", seq, values, is_deleted=False, observed_at=AT, single=False)


def row(**changes: Cell) -> Row:
    cells = {
        "qb": "8-1",
        "name": "Bolt",
        "price": Decimal(2),
        "edit": "20",
        "active": True,
        "category": None,
        "updated_at": BEFORE,
        "created_at": BEFORE,
        **changes,
    }
    return Row(cells, {"id": 1})


def known(**changes: Any) -> Seen:
    return replace_seen(Seen(4, "updated", FORM.fingerprint, "20", FORM.digest(row().cells), is_ours=True), changes)


def replace_seen(seen: Seen, changes: dict[str, Any]) -> Seen:
    return seen._replace(**changes)


def step(dirty: Dirty, *rows: Row, seen: Seen | None = None, of: Form = FORM, **found: Any) -> Step:
    draft = of.draft(dirty, {}, of.stamps(AT), "")
    return decide(of, draft, seen, Found(by_key=rows, **found))


def test_an_observation_is_published_once_under_one_rule() -> None:
    done = already(FORM, record(4), known(), again=False)
    assert done is not None
    assert (done.published.outcome, done.digest) == ("updated", None)
    assert already(FORM, record(5), known(), again=False) is None
    assert already(FORM, record(4), known(), again=True) is None
    assert already(FORM, record(4), known(rule="another"), again=False) is None
    assert already(FORM, record(4), known(is_ours=False), again=False) is None
    assert already(FORM, record(3), known(rule="another"), again=True) is not None


def test_a_state_row_of_the_default_tables_is_under_no_rule() -> None:
    state = State("ours", 4, "inserted", "a" * 64)
    assert seen_in(state, "ours") == Seen(4, "inserted", "", "", "", is_ours=True)
    digest = step(record()).digest
    assert digest is not None
    assert seen_in(State("other", 5, "inserted", digest), "ours")[2:4] == (FORM.fingerprint, "20")
    assert len(digest.replace("20", "9" * 16)) <= 64


def test_a_record_without_a_row_gets_one() -> None:
    found = step(record())
    assert (found.published.outcome, found.is_new) == ("inserted", True)
    assert found.insert is not None
    assert found.insert["qb"] == "8-1"
    assert found.insert["created_at"] == found.insert["updated_at"] == AT


def test_only_what_differs_is_written_and_stamped() -> None:
    found = step(record(Price="3"), row(), seen=known())
    assert (found.published.outcome, dict(found.changes)) == ("updated", {"price": Decimal(3), "updated_at": AT})
    same = step(record(Price="2.00"), row(), seen=known())
    assert (same.published.outcome, dict(same.changes), same.is_new) == ("unchanged", {}, False)


def test_a_row_that_was_there_gets_the_key() -> None:
    found = step(record(), by_adopt=[[], [row(qb=None, name="Old")]])
    assert found.published.outcome == "adopted"
    assert found.changes == {"qb": "8-1", "name": "Bolt", "updated_at": AT}


@pytest.mark.parametrize(
    ("by_key", "by_adopt", "field"),
    [([row(), row()], [], "qb"), ([], [[row(), row()], [row()]], "name"), ([], [[], [row(), row()]], "price")],
)
def test_two_rows_that_fit_need_a_person(by_key: list[Row], by_adopt: list[list[Row]], field: str) -> None:
    found = step(record(), *by_key, by_adopt=by_adopt)
    assert (found.published.outcome, found.digest) == ("ambiguous", None)
    assert found.published.detail == {"count": "2", "field": field}


def test_no_row_is_made_where_the_mapping_or_the_record_says_so() -> None:
    assert step(record(), of=form(missing="skip")).published.detail == {"reason": "missing"}
    assert step(record(IsActive=False)).published.detail == {"reason": "inactive"}
    assert step(record(), of=form(key=(KeyPart("qb", "BarCodeValue"),))).published.detail == {"reason": "no_key"}
    other = step(record(), of=form(types=("service",)))
    assert (other.published.outcome, other.published.detail) == ("skipped", {"reason": "type"})


def test_a_row_that_the_target_made_is_put_out_of_sight_when_the_type_changes() -> None:
    services = form(types=("service",))
    seen = known(rule=services.fingerprint)
    assert step(record(), row(), seen=seen, of=services).changes == {"active": False, "updated_at": AT}
    assert step(record(), row(), of=services).published.outcome == "skipped"


def test_an_older_edit_sequence_holds_a_record_that_differs() -> None:
    older = record(EditSequence="9", Price="3")
    held = step(older, row(), seen=known())
    assert (held.published.outcome, held.digest) == ("held", None)
    assert held.published.detail == {"website": "20", "quickbooks": "9"}
    assert step(replace(older, forced=True), row(), seen=known()).published.outcome == "updated"
    assert step(record(EditSequence="9"), row(), seen=known()).changes == {"edit": "9", "updated_at": AT}


def test_what_is_looked_up_is_written_or_needs_a_person() -> None:
    sought = record(Custom={"Category": "Vis"})
    assert step(sought, row(), looked_up={"category": 3}).changes["category"] == 3
    held = step(sought, row(), looked_up={"category": None})
    assert held.published.detail == {"reason": "lookup", "column": "category", "table": "categories"}
    several = step(sought, row(), looked_up={"category": None}, several=frozenset({"category"}))
    assert several.published.outcome == "held"


def test_a_row_that_depends_on_another_targets_waits_for_it() -> None:
    child = form(key=(KeyPart("qb", of_target="parents", of_column="id"),))
    held = step(record(), of=child, parent="missing")
    assert (held.published.outcome, held.published.detail) == ("held", {"reason": "parent", "target": "parents"})
    assert step(record(), of=child, parent="skipped").published.outcome == "skipped"
    assert (
        step(replace(record(), is_deleted=True, values=None), of=child, parent="unread").published.outcome == "unread"
    )


def test_a_value_that_does_not_fit_is_refused_before_anything_is_written() -> None:
    found = step(record(Name="x" * 10), row(), seen=known())
    assert (found.published.outcome, found.digest, dict(found.changes)) == ("refused_value", None, {})


def test_a_tombstone_is_put_out_of_sight_or_only_told() -> None:
    gone = replace(record(), is_deleted=True)
    assert step(gone, row(), seen=known()).changes == {"active": False, "updated_at": AT}
    assert step(gone, row(active=False), seen=known()).changes == {}
    assert step(gone, row(), of=form(notfound="report")).changes == {}
    assert step(gone).published.outcome == "deleted"
    assert step(gone).insert is None
    assert step(gone, row(), row()).published.outcome == "ambiguous"


def test_of_an_erased_record_nothing_is_written() -> None:
    erased = replace(record(Name="secret"), erased=True)
    found = step(erased, row())
    assert (found.published.outcome, dict(found.changes), found.insert) == ("unchanged", {}, None)


def test_a_record_without_its_values_is_compared_with_what_was_written() -> None:
    bare = replace(record(), values=None, values_seq=4)
    assert step(bare, row(), seen=known()).published.outcome == "unchanged"
    assert step(bare, row(updated_at=AT), seen=known()).published.outcome == "unchanged"
    for seen in (None, known(seq=3), known(rule="another"), known(is_ours=False), known(row="")):
        assert step(bare, row(), seen=seen).published.outcome == "unread"
    assert step(bare, row(price=Decimal(9)), seen=known()).published.outcome == "unread"
    assert step(bare, seen=known()).published.outcome == "unread"


def test_what_is_written_each_time_is_no_change() -> None:
    beating = form(columns=(*RULE.columns[:-1], ColumnRule("created_at", value=NOW)))
    found = step(record(), row(), of=beating)
    assert (found.published.outcome, dict(found.changes)) == ("unchanged", {"created_at": AT})
