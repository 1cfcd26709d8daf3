"""What webhooks are told, whom of them, and when what was not taken is tried again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.publish.mapping.model import Webhook
from qbwc_server.publish.records import Outcome, Published
from qbwc_server.publishing.hooks_carrier import BACKOFF, GIVEN_UP_AFTER, wait_after
from qbwc_server.publishing.hooks_drafts import drafts
from qbwc_server.publishing.hooks_endpoints import Endpoint, endpoints
from qbwc_server.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "whsec_" + "A" * 43 + "="
ENVIRON = {"A": SECRET, "B": f"{SECRET} {SECRET}"}


def endpoint(name: str, *targets: str) -> Endpoint:
    return Endpoint(name, targets, "https://shop.example.com/hook", (b"x" * 32,))


def published(count: int, outcome: Outcome = "updated") -> list[Published]:
    return [Published("acme", "customer", f"8-{n}", n + 1, outcome) for n in range(count)]


def told(body: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(body)["data"]["records"]
    return records


def test_a_delivery_says_which_record_was_published_how_and_no_value_of_it() -> None:
    result = Published("acme", "customer", "8-1", 7, "updated", {"column": "name"})
    (draft,) = drafts([endpoint("one", "customers")], "customers", [result], NOW)
    assert json.loads(draft.body) == {
        "type": "record.published",
        "timestamp": "2026-03-01T12:00:00Z",
        "data": {
            "records": [
                {
                    "company": "acme",
                    "list": "customer",
                    "list_id": "8-1",
                    "target": "customers",
                    "outcome": "updated",
                    "seq": 7,
                }
            ]
        },
    }
    assert (draft.endpoint, draft.target, draft.records) == ("one", "customers", 1)


def test_only_what_changed_the_website_is_told() -> None:
    every: tuple[Outcome, ...] = ("inserted", "updated", "unchanged", "deleted", "held", "refused_value")
    results = [Published("acme", "item", str(n), n, outcome) for n, outcome in enumerate(every)]
    (draft,) = drafts([endpoint("one", "items")], "items", results, NOW)
    assert [each["outcome"] for each in told(draft.body)] == ["inserted", "updated", "deleted"]
    assert drafts([endpoint("one", "items")], "items", published(3, "unchanged"), NOW) == ()


@given(st.integers(0, 1001))
def test_a_list_is_told_in_its_order_by_as_few_deliveries_as_may_be(count: int) -> None:
    made = drafts([endpoint("one", "customers")], "customers", published(count), NOW)
    assert len(made) == -(-count // 100)
    assert [each["seq"] for one in made for each in told(one.body)] == list(range(1, count + 1))
    assert sum(one.records for one in made) == count
    assert len({one.webhook_id for one in made}) == len(made)


def test_each_webhook_is_told_of_its_own_targets_alone() -> None:
    all_three = [endpoint("a", "customers"), endpoint("b", "items"), endpoint("c", "customers", "items")]
    assert [one.endpoint for one in drafts(all_three, "customers", published(1), NOW)] == ["a", "c"]
    assert drafts(all_three, "prices", published(1), NOW) == ()


def test_webhooks_come_from_the_settings_for_the_default_tables_and_from_the_mapping() -> None:
    settings = Settings.model_validate({"webhooks": [{"url": "https://a.example.com/x", "secret": "env:A"}]})
    mapped = [Webhook("shop", f"https://b.example.com/{n}", "B") for n in (1, 2)]
    found = endpoints(settings, mapped, ENVIRON)
    assert [(one.name, one.targets, one.host, len(one.secrets)) for one in found] == [
        ("*:A", ("customers", "items"), "a.example.com", 1),
        ("shop:B", ("shop",), "b.example.com", 2),
        ("shop:B:2", ("shop",), "b.example.com", 2),
    ]
    shown = repr(found) + repr(settings)
    assert "/x" not in shown
    assert "AAAA" not in shown


def test_a_webhook_keeps_its_name_when_its_address_is_corrected() -> None:
    names = [endpoints(Settings(), [Webhook("shop", url, "A")], ENVIRON)[0].name for url in ("http://a", "http://b")]
    assert names[0] == names[1]


@given(st.integers(1, 200), st.floats(0, 1))
def test_waits_grow_and_are_spread_by_a_tenth_at_most(tries: int, share: float) -> None:
    wait = wait_after(tries, share)
    assert wait_after(tries, 0) <= wait <= wait_after(tries, 0) * 1.1
    assert wait_after(tries + 1, 0) >= wait_after(tries, 0)


@given(st.lists(st.floats(0, 1), min_size=40, max_size=40))
def test_within_the_day_there_are_some_ten_tries_the_first_of_them_soon(shares: list[float]) -> None:
    passed, tries = timedelta(), 1
    while passed < GIVEN_UP_AFTER:
        passed += wait_after(tries, shares[tries])
        tries += 1
    assert 10 <= tries <= 14
    assert BACKOFF[0] <= timedelta(seconds=10)
    assert passed < GIVEN_UP_AFTER + BACKOFF[-1] * 1.1
