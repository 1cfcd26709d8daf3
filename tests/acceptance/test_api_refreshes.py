"""The JSON API over the real server."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from qbwc_server.app import Application, build_app
from qbwc_server.cli.installing import install
from qbwc_server.cli.serving import Server, listen
from qbwc_server.settings import load_settings
from qbwc_server.store import companies, freshness, moves, tokens
from qbwc_server.store.tables import ROLES

SHAPE = {
    "id", "company", "list", "scope", "list_id", "full_name", "state", "outcome", "asked_by", "asked_at", "sent_at",
    "answered_at", "published_at", "expected_at", "records", "changes", "error", "joined", "retry_of",
}  # fmt: skip


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: Any


@dataclass
class Site:
    app: Application
    port: int
    tokens: dict[str, str]

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        by: str | None = "operator",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = dict(headers or {})
        if by is not None:
            given["Authorization"] = f"Bearer {self.tokens.get(by, by)}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        connection.request(method, f"/api/v1{path}", body, given)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.headers["Content-Length"] == str(len(text))
        return Answer(answer.status, answer.headers, json.loads(text) if text else None)


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    running: list[tuple[Server, threading.Thread, Application]] = []

    def make(*names: str) -> Site:
        settings = load_settings({"data_dir": tmp_path / "data", "schedules": "off"}, {})
        install(settings)
        app = build_app(settings)
        with app.database.write() as connection:
            now = app.database.now(connection)
            for name in names:
                companies.add(connection, name, title=None, user_name=None, company_file=None, now=now)
            made = {role: tokens.add(connection, role, role, None, now) for role in ROLES}
            for name in names:
                made[f"of {name}"] = tokens.add(connection, f"of {name}", "operator", name, now)
        server = Server(app.wsgi, listen("127.0.0.1", 0), threads=4)
        thread = threading.Thread(target=server.run)
        app.start()
        thread.start()
        running.append((server, thread, app))
        return Site(app, server.port, made)

    yield make
    for server, thread, app in running:
        server.stop()
        thread.join()
        app.stop()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site("acme")


def _is_problem(answer: Answer, status: int) -> bool:
    return (
        answer.status == status
        and answer.headers["Content-Type"] == "application/problem+json"
        and answer.body["status"] == status
        and bool(answer.body["title"])
        and bool(answer.body["detail"])
    )


def _fields(answer: Answer) -> set[str]:
    assert _is_problem(answer, 422)
    return {error["field"] for error in answer.body["errors"]}


def test_a_record_is_asked_for_and_found_at_its_location(site: Site) -> None:
    asked = site.call("POST", "/refreshes", {"list": "customer", "list_id": "80000001-1"})
    assert asked.status == 202
    assert set(asked.body) >= SHAPE
    assert (asked.body["state"], asked.body["scope"], asked.body["joined"]) == ("waiting", "record", False)
    assert asked.body["asked_at"].endswith("Z")
    assert asked.headers["Location"] == f"/api/v1/refreshes/{asked.body['id']}"
    found = site.call("GET", f"/refreshes/{asked.body['id']}")
    assert (found.status, found.body) == (200, asked.body)


@pytest.mark.parametrize("by", ["operator", "admin"])
def test_asking_again_joins_what_waits_and_whoever_looks_is_told_the_same(site: Site, by: str) -> None:
    first = site.call("POST", "/refreshes", {"list": "item", "list_id": "80000001-1"}, by="operator")
    second = site.call("POST", "/refreshes", {"list": "item", "list_id": "80000001-1"}, by=by)
    assert (second.status, second.body["id"], second.body["joined"]) == (200, first.body["id"], True)
    assert site.call("GET", f"/refreshes/{first.body['id']}").body == second.body


@pytest.mark.parametrize(
    ("body", "scope"),
    [
        ({"list": "customer", "full_name": "Côté & Fils:Atelier"}, "record"),
        ({"list": "item", "find": "marteau"}, "find"),
        ({"list": "item", "scope": "all", "company": "acme"}, "all"),
    ],
)
def test_every_way_of_asking_has_its_scope(site: Site, body: dict[str, str], scope: str) -> None:
    asked = site.call("POST", "/refreshes", body)
    assert (asked.status, asked.body["scope"]) == (202, scope)


@pytest.mark.parametrize("name", ["Menuiserie\u00a0Côté", "C\u2019est l\u2019été\u202f!", "Co\u00adop"])
@pytest.mark.parametrize("way", ["full_name", "find"])
def test_names_may_hold_the_spaces_that_french_puts_into_them(site: Site, way: str, name: str) -> None:
    asked = site.call("POST", "/refreshes", {"list": "customer", way: name})
    assert asked.status == 202, asked.body
    again = site.call("POST", "/refreshes", {"list": "customer", way: name})
    assert (again.body["id"], again.body["joined"]) == (asked.body["id"], True)
    if way == "full_name":
        assert again.body["full_name"] == name


def test_several_ids_give_an_array(site: Site) -> None:
    ids = [f"8000000{n}-1" for n in range(5)]
    asked = site.call("POST", "/refreshes", {"list": "customer", "list_ids": ids})
    assert asked.status == 202
    assert [refresh["list_id"] for refresh in asked.body] == ids
    assert asked.headers["Location"] == f"/api/v1/refreshes/{asked.body[0]['id']}"


def test_a_thousand_ids_are_taken_and_one_more_is_refused(site: Site) -> None:
    ids = [f"{n:X}-1" for n in range(1001)]
    assert _fields(site.call("POST", "/refreshes", {"list": "customer", "list_ids": ids})) == {"list_ids"}
    assert len(site.call("POST", "/refreshes", {"list": "customer", "list_ids": ids[1:]}).body) == 1000


def test_a_repeated_call_with_its_key_asks_once(site: Site) -> None:
    key = {"Idempotency-Key": "order-17"}
    first = site.call("POST", "/refreshes", {"list": "customer", "list_id": "80000001-1"}, headers=key)
    site.call("DELETE", f"/refreshes/{first.body['id']}")
    again = site.call("POST", "/refreshes", {"list": "customer", "list_id": "80000001-1"}, headers=key)
    assert (again.status, again.body["id"], again.body["joined"]) == (202, first.body["id"], False)
    other = site.call("POST", "/refreshes", {"list": "customer", "list_id": "80000002-1"}, headers=key)
    assert _is_problem(other, 422)


def test_a_repeated_call_that_joined_says_so_again(site: Site) -> None:
    body = {"list": "customer", "list_id": "80000001-1"}
    first = site.call("POST", "/refreshes", body, by="admin")
    joined = [site.call("POST", "/refreshes", body, headers={"Idempotency-Key": "order-18"}) for _ in range(2)]
    assert [(one.status, one.body["id"], one.body["joined"]) for one in joined] == [(200, first.body["id"], True)] * 2


def test_an_id_given_twice_is_asked_for_once_and_answered_in_both_places(site: Site) -> None:
    ids = ["80000001-1", "80000002-1", "80000001-1"]
    asked = site.call("POST", "/refreshes", {"list": "customer", "list_ids": ids})
    assert asked.status == 202
    assert [refresh["list_id"] for refresh in asked.body] == ids
    assert asked.body[0] == asked.body[2]
    assert len(site.call("GET", "/refreshes").body) == 2


def test_programs_are_not_told_of_the_command_line(site: Site) -> None:
    for path in ("/refreshes/999", "/refreshes?company=initech", "/connection?company=initech"):
        refused = site.call("GET", path)
        assert _is_problem(refused, 404)
        assert "qbwc" not in refused.body["detail"]


def test_a_waiting_refresh_is_cancelled_once(site: Site) -> None:
    asked = site.call("POST", "/refreshes", {"list": "customer", "list_id": "80000001-1"})
    path = f"/refreshes/{asked.body['id']}"
    assert site.call("DELETE", path).body["state"] == "cancelled"
    assert _is_problem(site.call("DELETE", path), 409)
    assert _is_problem(site.call("DELETE", "/refreshes/999"), 404)


def test_the_queue_is_listed_newest_first_and_filtered(site: Site) -> None:
    for list_name, number in (("customer", 1), ("item", 2), ("customer", 3)):
        site.call("POST", "/refreshes", {"list": list_name, "list_id": f"8000000{number}-1"})
    assert [one["list_id"] for one in site.call("GET", "/refreshes").body] == [f"8000000{n}-1" for n in (3, 2, 1)]
    assert [one["list"] for one in site.call("GET", "/refreshes?list=item").body] == ["item"]
    assert len(site.call("GET", "/refreshes?state=waiting&limit=2").body) == 2
    assert site.call("GET", "/refreshes?state=failed").body == []
    assert _fields(site.call("GET", "/refreshes?state=lost")) == {"state"}
    assert _fields(site.call("GET", "/refreshes?limit=0")) == {"limit"}
    assert _fields(site.call("GET", "/refreshes?list=invoice")) == {"list"}


def test_without_a_token_nothing_is_told(site: Site) -> None:
    for path in ("/refreshes", "/refreshes/1", "/connection", "/nothing"):
        refused = site.call("GET", path, by=None)
        assert _is_problem(refused, 401)
        assert refused.headers["WWW-Authenticate"].startswith("Bearer ")
    assert _is_problem(site.call("GET", "/refreshes", by="qbwc_guess"), 401)
    assert _is_problem(site.call("GET", "/refreshes", by=None, headers={"Authorization": "Basic YTpi"}), 401)


def test_a_revoked_token_is_out_at_once(site: Site) -> None:
    assert site.call("GET", "/refreshes").status == 200
    with site.app.database.write() as connection:
        tokens.revoke(connection, "operator", site.app.database.now(connection))
    assert _is_problem(site.call("GET", "/refreshes"), 401)


def test_a_viewer_looks_but_changes_nothing(site: Site) -> None:
    asked = site.call("POST", "/refreshes", {"list": "customer", "list_id": "80000001-1"})
    path = f"/refreshes/{asked.body['id']}"
    refused = site.call("POST", "/refreshes", {"list": "customer", "list_id": "80000002-1"}, by="viewer")
    assert _is_problem(refused, 403)
    assert _is_problem(site.call("DELETE", path, by="viewer"), 403)
    assert site.call("GET", path, by="viewer").body["state"] == "waiting"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"list", "list_id"}),
        ({"list": "invoice", "list_id": "8-1"}, {"list"}),
        ({"list": "customer"}, {"list_id"}),
        ({"list": "customer", "list_id": "8-1", "find": "x"}, {"find"}),
        ({"list": "customer", "list_id": ""}, {"list_id"}),
        ({"list": "customer", "list_id": 8}, {"list_id"}),
        ({"list": "customer", "list_id": "8" * 37}, {"list_id"}),
        ({"list": "customer", "list_id": " 8-1"}, {"list_id"}),
        ({"list": "item", "full_name": "a" * 160}, {"full_name"}),
        ({"list": "item", "find": "a\nb"}, {"find"}),
        ({"list": ["item"], "find": 7}, {"list", "find"}),
        ({"list": "invoice", "full_name": "a" * 999}, {"list"}),
        ({"list": "customer", "list_ids": []}, {"list_ids"}),
        ({"list": "customer", "list_ids": ["8-1", None]}, {"list_ids[1]"}),
        ({"list": "customer", "full_name": "a\u0000b"}, {"full_name"}),
        ({"list": "customer", "full_name": "\ud800"}, {"full_name"}),
        ({"list": "customer", "scope": "everything"}, {"scope"}),
        ({"list": "customer", "list_id": "8-1", "urgent": True}, {"urgent"}),
        ({"list": "customer", "list_id": "8-1", "company": 7}, {"company"}),
        ({"list": "customer", "list_id": "8-1", "company": "a\ud800"}, {"company"}),
    ],
)
def test_what_cannot_be_used_is_named_by_its_field(site: Site, body: dict[str, object], fields: set[str]) -> None:
    assert _fields(site.call("POST", "/refreshes", body)) == fields


@pytest.mark.parametrize(
    ("scope", "read", "asked"),
    [
        ("all", False, "all"),
        ("changed", True, "changed"),
        ("changed", False, "all"),
        ("sweep", False, "sweep"),
    ],
)
def test_a_list_is_asked_for_by_scope_and_changes_of_one_never_read_are_all_of_it(
    site: Site, scope: str, asked: str, *, read: bool
) -> None:
    if read:
        with site.app.database.write() as connection:
            now = site.app.database.now(connection)
            freshness.note_read(connection, "acme", "item", now, scope="all", changed_from=None, deleted_from=None)
    answer = site.call("POST", "/refreshes", {"list": "item", "scope": scope})
    assert (answer.status, answer.body["scope"]) == (202, asked)
    assert set(answer.body) >= {*SHAPE, "total", "resumed", "counts", "time_deleted"}


def test_a_list_says_how_far_it_is_and_a_vanished_record_when_it_was_deleted(site: Site) -> None:
    run = site.call("POST", "/refreshes", {"list": "item", "scope": "all"}).body
    assert (run["records"], run["total"], run["resumed"], run["counts"]) == (0, None, 0, {})
    gone = site.call("POST", "/refreshes", {"list": "item", "list_id": "8-1"}).body
    assert gone["time_deleted"] is None
    with site.app.database.write() as connection:
        moves.change(connection, [run["id"]], first_seq=1, records=3200, total=20000, resumed=2)
        now = site.app.database.now(connection)
        moves.conclude(connection, [gone["id"]], "deleted", now, time_deleted="2026-11-24T10:20:00-05:00")
    run = site.call("GET", f"/refreshes/{run['id']}").body
    assert (run["records"], run["total"], run["resumed"]) == (3200, 20000, 2)
    gone = site.call("GET", f"/refreshes/{gone['id']}").body
    assert (gone["outcome"], gone["time_deleted"]) == ("deleted", "2026-11-24T10:20:00-05:00")


def test_other_bodies_than_json_are_refused(site: Site) -> None:
    assert _is_problem(site.call("POST", "/refreshes", b'{"list":'), 400)
    assert _is_problem(site.call("POST", "/refreshes", b"[1]"), 400)
    assert _is_problem(site.call("POST", "/refreshes", b"[" * 100_000), 400)
    assert _is_problem(site.call("POST", "/refreshes", b"\xff"), 400)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert _is_problem(site.call("POST", "/refreshes", b"list=customer", headers=form), 415)
    assert _is_problem(site.call("POST", "/refreshes", b" " * (1 << 20) + b"{}"), 413)


def test_the_bare_path_of_the_api_belongs_to_the_api(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("GET", "/api")
    answer = connection.getresponse()
    problem = json.loads(answer.read())
    connection.close()
    assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert problem["status"] == 401


def test_a_database_that_cannot_be_used_is_a_problem_to_try_again(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with site.app.database.write() as connection:
        connection.execute(text("ALTER TABLE refreshes RENAME TO gone"))
    refused = site.call("POST", "/refreshes", {"list": "customer", "full_name": "Côté & Fils"})
    with site.app.database.write() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO refreshes"))
    assert _is_problem(refused, 503)
    assert refused.headers["Retry-After"] == "10"
    assert "Côté" not in caplog.text
    assert site.call("POST", "/refreshes", {"list": "customer", "full_name": "Côté & Fils"}).status == 202


def test_unknown_paths_and_methods_are_problems_too(site: Site) -> None:
    assert _is_problem(site.call("GET", "/nothing"), 404)
    assert _is_problem(site.call("GET", "/refreshes/99999999999999999999"), 404)
    refused = site.call("PUT", "/refreshes/1", {})
    assert _is_problem(refused, 405)
    assert "DELETE" in refused.headers["Allow"]


def test_a_nul_is_refused_wherever_it_stands(site: Site) -> None:
    body = {"list": "customer", "list_id": "8-1"}
    assert _is_problem(site.call("GET", "/refreshes?company=a%00b"), 400)
    assert _is_problem(site.call("GET", "/connection?company=a%00b"), 400)
    assert _is_problem(site.call("POST", "/refreshes?company=a%00b", body), 400)
    assert "NUL" in site.call("GET", "/nothing%00").body["detail"]
    assert _fields(site.call("POST", "/refreshes", {**body, "company": "a\0b"})) == {"company"}


def test_a_host_of_anothers_making_reaches_no_call(site: Site) -> None:
    refused = site.call("GET", "/refreshes", headers={"Host": "evil.example"})
    assert _is_problem(refused, 400)
    assert "QBWC_PUBLIC_URL" in refused.body["detail"]
    for host in ("localhost:8080@evil.example", "localhost.evil.example", "[::2]", ""):
        assert _is_problem(site.call("GET", "/refreshes", headers={"Host": host}), 400)
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080"):
        assert site.call("GET", "/refreshes", headers={"Host": host}).status == 200


def test_with_several_companies_one_must_be_named(make_site: Callable[..., Site]) -> None:
    site = make_site("acme", "globex")
    body = {"list": "customer", "list_id": "80000001-1"}
    assert _is_problem(site.call("POST", "/refreshes", body), 422)
    assert site.call("POST", "/refreshes?company=acme", body).body["company"] == "acme"
    assert site.call("POST", "/refreshes", {**body, "company": "globex"}).body["company"] == "globex"
    assert [one["company"] for one in site.call("GET", "/refreshes?company=acme").body] == ["acme"]
    assert _fields(site.call("POST", "/refreshes?company=acme", {**body, "company": "globex"})) == {"company"}
    assert site.call("POST", "/refreshes?company=acme", {**body, "company": "acme"}).body["company"] == "acme"
    assert _is_problem(site.call("GET", "/connection"), 422)
    assert site.call("GET", "/connection?company=globex").body["state"] == "never_seen"
    assert _is_problem(site.call("GET", "/refreshes?company=initech"), 404)


def test_a_token_of_one_company_sees_no_other(make_site: Callable[..., Site]) -> None:
    site = make_site("acme", "globex")
    body = {"list": "customer", "list_id": "80000001-1"}
    other = site.call("POST", "/refreshes", {**body, "company": "globex"}).body["id"]
    own = site.call("POST", "/refreshes", body, by="of acme")
    assert own.body["company"] == "acme"
    assert [one["id"] for one in site.call("GET", "/refreshes", by="of acme").body] == [own.body["id"]]
    assert site.call("GET", "/connection", by="of acme").body["company"] == "acme"
    for refused in (
        site.call("GET", f"/refreshes/{other}", by="of acme"),
        site.call("DELETE", f"/refreshes/{other}", by="of acme"),
        site.call("GET", "/refreshes?company=globex", by="of acme"),
        site.call("POST", "/refreshes", {**body, "company": "globex"}, by="of acme"),
        site.call("GET", "/connection?company=globex", by="of acme"),
    ):
        assert _is_problem(refused, 404)
