"""What the columns of real shops are made of: written once, a value is the same when it is read again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from shop_tables import NOW, customer, dirty, make_tables, opened, rows, run

from qbwc_server.publish.mapping.mapped import Mapped
from qbwc_server.publish.mapping.model import ColumnRule, KeyPart, TargetRule

TYPES = {
    "postgresql": (
        "kind mood, big jsonb, small smallint, single real, twice double precision, day date, plain timestamp, "
        "zoned timestamptz(0), fixed char(20), token uuid, money numeric, flag boolean, short varchar(9)"
    ),
    "mysql": (
        "kind enum('ok','bad'), big json, small tinyint unsigned, single float, twice double, day date, "
        "plain datetime, zoned timestamp NULL, fixed char(20), token binary(3) DEFAULT 'abc', money decimal(10,4), "
        "flag tinyint(1), short varchar(9) CHARACTER SET latin1"
    ),
    "sqlite": (
        "kind text, big json, small smallint, single real, twice double, day date, plain datetime, zoned timestamp, "
        "fixed char(20), token uuid, money decimal(10,4), flag bool, short"
    ),
}
ANY = TargetRule(
    name="any",
    list="item",
    table="anything",
    key=(KeyPart("company", "Class"), KeyPart("number", "Sublevel")),
    columns=(
        ColumnRule("kind", "Custom.Kind"),
        ColumnRule("big", "Lines"),
        ColumnRule("small", "Custom.Small"),
        ColumnRule("single", "Price"),
        ColumnRule("twice", "Price"),
        ColumnRule("day", "TimeCreated", type="date"),
        ColumnRule("plain", "TimeCreated"),
        ColumnRule("zoned", "TimeCreated"),
        ColumnRule("fixed", "Custom.Fixed"),
        ColumnRule("money", "Price"),
        ColumnRule("flag", "Custom.Flag"),
        ColumnRule("short", "Custom.Short"),
    ),
)
CUSTOM = {"Kind": "ok", "Small": "200", "Fixed": "blank ", "Flag": "true", "Short": "Été"}
VALUES: dict[str, object] = {
    "Class": "A",
    "Sublevel": 3,
    "Lines": [{"list_id": "1", "quantity": "2"}],
    "TimeCreated": "2026-02-28T20:15:30-05:00",
    "Price": "12345.67",
    "Custom": CUSTOM,
}


@pytest.fixture
def site(website_url: str) -> Iterator[Mapped]:
    found = opened(website_url, ANY)
    make_tables(found)
    kind = found.engine.dialect.name.replace("mariadb", "mysql")
    if kind == "postgresql":
        run(found, "CREATE TYPE mood AS ENUM ('ok', 'bad')")
    number = "INTEGER" if kind == "sqlite" else "int"
    run(found, f"CREATE TABLE anything (company varchar(9), number {number}, {TYPES[kind]}, UNIQUE (company, number))")
    yield found
    found.close()


def outcome(site: Mapped, seq: int, list_id: str = "8-1", **changes: object) -> tuple[str, dict[str, str]]:
    (published,) = site.publish("any", [dirty("item", seq, list_id, VALUES, changes)], NOW)
    return published.outcome, dict(published.detail)


def only(site: Mapped) -> dict[str, Any]:
    (found,) = rows(site, "SELECT * FROM anything")
    return found


def test_every_type_is_the_same_value_when_it_is_read_again(site: Mapped) -> None:
    assert outcome(site, 1) == ("inserted", {})
    found = only(site)
    assert (str(found["day"])[:10], str(found["plain"])[:19]) == ("2026-02-28", "2026-03-01 01:15:30")
    assert (found["kind"], found["small"], str(found["fixed"]).rstrip()) == ("ok", 200, "blank")
    assert outcome(site, 2) == ("unchanged", {})
    assert only(site) == found
    bare = replace(dirty("item", 3, "8-1", VALUES, {}), values=None, values_seq=2)
    assert site.publish("any", [bare], NOW)[0].outcome == "unread"


def test_a_time_is_the_same_moment_whatever_the_zone_of_the_server(site: Mapped) -> None:
    outcome(site, 1)
    with site.engine.connect() as connection:
        (value,) = connection.exec_driver_sql("SELECT zoned FROM anything").one()
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    assert at == datetime(2026, 3, 1, 1, 15, 30, tzinfo=UTC)


def test_a_change_of_any_type_is_seen(site: Mapped) -> None:
    outcome(site, 1)
    several: tuple[dict[str, object], ...] = (
        {"Price": "12345.68"},
        {"Lines": [{"list_id": "2"}]},
        {"TimeCreated": "2026-02-28T20:15:31-05:00"},
        {"Custom": {**CUSTOM, "Kind": "bad"}},
        {"Custom": {**CUSTOM, "Flag": "false"}},
        {"Lines": None},
    )
    for seq, changes in enumerate(several, 2):
        assert outcome(site, seq, "8-1", **changes) == ("updated", {}), changes


def test_a_value_of_another_kind_sets_its_record_aside(site: Mapped) -> None:
    for list_id, name, bad, reason in (
        ("1", "Small", "x", "not_a_number"),
        ("2", "Small", "1.5", "too_many_decimals"),
        ("3", "Small", "99999", "out_of_range"),
        ("4", "Flag", "Oui", "not_a_truth"),
    ):
        told, detail = outcome(site, 1, f"9-{list_id}", Custom={**CUSTOM, name: bad})
        assert (told, detail["reason"]) == ("refused_value", reason), name
    told, detail = outcome(site, 1, "9-5", TimeCreated="never")
    assert (told, detail["reason"]) == ("refused_value", "not_a_date")
    assert rows(site, "SELECT * FROM anything") == []


def test_a_word_that_an_enum_does_not_know_is_refused(site: Mapped) -> None:
    if site.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no enum")
    told, detail = outcome(site, 1, Custom={**CUSTOM, "Kind": "odd"})
    assert (told, detail) == ("refused_value", {"column": "kind", "reason": "not_listed"})


def test_a_key_of_two_columns_finds_its_row(site: Mapped) -> None:
    batch = [dirty("item", number, f"8-{number}", VALUES, {"Sublevel": number % 3}) for number in range(1, 7)]
    found = site.publish("any", batch, NOW)
    assert [each.outcome for each in found] == ["inserted"] * 3 + ["unchanged"] * 3
    assert len(rows(site, "SELECT * FROM anything")) == 3


def test_a_record_without_its_key_is_skipped(site: Mapped) -> None:
    assert outcome(site, 1, Class=None) == ("skipped", {"reason": "no_key"})


def test_on_mysql_an_address_is_adopted_whatever_its_capitals(website_url: str, site: Mapped) -> None:
    people = opened(website_url)
    run(site, "INSERT INTO people (email, name) VALUES ('Bob@Example.com', 'x')")
    found = people.publish("people", [customer(1, Email="bob@example.com")], NOW)
    people.close()
    expected = "adopted" if site.engine.dialect.name in ("mysql", "mariadb") else "inserted"
    assert [each.outcome for each in found] == [expected]
