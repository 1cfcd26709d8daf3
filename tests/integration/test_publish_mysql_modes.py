"""MySQL's and MariaDB's `sql_mode` is the site's; what we write is exact in all of them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from qbwc_server.publish import Dirty, Website

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("Ford \\ Sons", 'O\'Neill "Bud"', "100%s 🔨", "back\\", "%(name)s :name ?")
pytestmark = pytest.mark.parametrize("website_url", ["mysql"], indirect=True)


@pytest.fixture(params=["", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT"])
def website(request: pytest.FixtureRequest, website_url: str) -> Iterator[Website]:
    url = sa.make_url(website_url).update_query_dict({"sql_mode": str(request.param)})
    site = Website(url.render_as_string(hide_password=False), "stream-a", frozenset())
    site.install()
    yield site
    site.close()


def customer(seq: int, list_id: str, name: str, **values: object) -> Dirty:
    whole = {"Name": name, "FullName": name, "EditSequence": "1", **values}
    return Dirty("acme", "customer", list_id, seq, whole, is_deleted=False, observed_at=NOW, single=True)


def test_every_character_arrives_as_it_is(website: Website) -> None:
    batch = [customer(1, f"{number}-1", name) for number, name in enumerate(NAMES)]
    assert {one.outcome for one in website.publish(batch, [], NOW)} == {"inserted"}
    assert tuple(row["name"] for row in website.rows("acme", "customer")) == NAMES
    again = [customer(2, f"{number}-1", name) for number, name in enumerate(NAMES)]
    assert {one.outcome for one in website.publish(again, [], NOW)} == {"unchanged"}
    changed = [customer(3, f"{number}-1", name[::-1]) for number, name in enumerate(NAMES)]
    assert {one.outcome for one in website.publish(changed, [], NOW)} == {"updated"}


def test_what_is_too_long_is_refused_and_not_cut_also_where_the_server_would(
    website: Website, website_url: str
) -> None:
    owner = sa.create_engine(website_url, poolclass=sa.NullPool)
    with owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE customers MODIFY full_name TINYTEXT")
    long, short = website.publish(
        [customer(1, "1-1", "A", FullName="é" * 200), customer(2, "2-1", "B", FullName="é" * 100)], [], NOW
    )
    assert (long.outcome, long.detail["column"]) == ("refused_value", "full_name")
    assert short.outcome == "inserted"
    assert [row["list_id"] for row in website.rows("acme", "customer")] == ["2-1"]
