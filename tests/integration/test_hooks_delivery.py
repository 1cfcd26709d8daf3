"""Bringing deliveries to a real receiver: taken, tried again, given up, replayed; addresses that must not be called."""

import base64
import hashlib
import hmac
import json
import logging
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from office import Office
from receivers import Hook, certificate, free_port, hook_server, mute_server

from qbwc_server.publish.records import Published
from qbwc_server.publishing.hooks import Hooks
from qbwc_server.publishing.hooks_endpoints import Endpoint
from qbwc_server.reach import Reach
from qbwc_server.store import deliveries, tables

NEW, OLD = b"n" * 32, b"o" * 32
LOOPBACK = Reach.of(["127.0.0.0/8", "::1"])


@dataclass
class Wire:
    """Webhooks that are led by hand, with a clock that can be moved on."""

    office: Office
    url: str
    secrets: tuple[bytes, ...] = (NEW,)
    reach: Reach = LOOPBACK
    seconds: float = 2.0
    later: timedelta = field(default_factory=timedelta)

    def __post_init__(self) -> None:
        self.begin_again()

    def begin_again(self) -> None:
        """Start anew, as another process would."""
        endpoints = (Endpoint("shop", ("customers",), self.url, self.secrets),)
        self.hooks = Hooks(self.office.database, endpoints, self.reach, clock=self.clock, seconds=self.seconds)

    def clock(self, connection: sa.Connection) -> datetime:
        return self.office.database.now(connection) + self.later

    def queue(self, count: int = 1) -> None:
        results = [Published("acme", "customer", f"8-{n}", n + 1, "updated") for n in range(count)]
        with self.office.database.write() as connection:
            self.hooks.queue(connection, "customers", results, self.clock(connection))

    def rows(self) -> list[dict[str, Any]]:
        return sorted(self.office.rows(tables.deliveries), key=lambda row: row["id"])

    def states(self) -> list[tuple[str, str | None]]:
        return [(row["state"], row["trouble"]) for row in self.rows()]

    def due(self) -> None:
        """Let pass what the deliveries wait for."""
        with self.office.database.read() as connection:
            first = min(row["due_at"] for row in self.rows() if row["due_at"] is not None)
            self.later += max(first - self.clock(connection), timedelta()) + timedelta(seconds=1)


def good(hook: Hook, secret: bytes, n: int = -1) -> bool:
    """Whether a receiver that knows a secret takes a post of its."""
    sent, body = hook.headers[n], hook.bodies[n]
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    return f"v1,{wanted}" in sent["webhook-signature"].split(" ")


def test_what_is_taken_is_kept_as_a_log_and_bears_a_good_signature(office: Office) -> None:
    with hook_server() as hook:
        wire = Wire(office, hook.url)
        wire.queue(250)
        assert wire.hooks.deliver() == 3
        assert [len(json.loads(body)["data"]["records"]) for body in hook.bodies] == [100, 100, 50]
        assert all(good(hook, NEW, n) and not good(hook, OLD, n) for n in range(3))
        assert {sent["content-type"] for sent in hook.headers} == {"application/json"}
        assert abs(int(hook.headers[0]["webhook-timestamp"]) - time.time()) < 30
        assert [(row["state"], row["tries"], row["answer"]) for row in wire.rows()] == [("delivered", 1, "200 OK")] * 3
        assert [row["webhook_id"] for row in wire.rows()] == [sent["webhook-id"] for sent in hook.headers]
        assert wire.hooks.deliver() == 0


def test_while_a_secret_is_replaced_receivers_with_either_take_it(office: Office) -> None:
    with hook_server() as hook:
        wire = Wire(office, hook.url, secrets=(OLD,))
        hook.status = 500
        wire.queue()
        wire.hooks.deliver()
        wire.secrets = (NEW, OLD)
        wire.begin_again()
        hook.status = 200
        wire.due()
        assert wire.hooks.deliver() == 1
        assert (good(hook, NEW), good(hook, OLD)) == (True, True)
        assert (good(hook, NEW, 0), good(hook, OLD, 0)) == (False, True)


def test_what_is_not_taken_is_tried_later_and_later_under_one_identifier_and_given_up_after_a_day(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with hook_server() as hook, caplog.at_level(logging.WARNING):
        hook.status = 500
        wire = Wire(office, hook.url)
        wire.queue()
        wire.hooks.deliver()
        while wire.rows()[0]["state"] == "waiting":
            tries = wire.rows()[0]["tries"]
            assert wire.hooks.deliver() == 0
            assert wire.rows()[0]["tries"] == tries
            wire.due()
            wire.hooks.deliver()
            assert wire.rows()[0]["tries"] == tries + 1
        assert timedelta(days=1) <= wire.later < timedelta(days=1, hours=5)
        assert 10 <= len(hook.posts) <= 14
        assert len({sent["webhook-id"] for sent in hook.headers}) == 1
        assert len(set(hook.bodies)) == 1
        assert [int(sent["webhook-timestamp"]) for sent in hook.headers] == sorted(
            int(sent["webhook-timestamp"]) for sent in hook.headers
        )
        assert wire.states() == [("failed", "not_taken")]
        assert wire.rows()[0]["answer"].startswith("500")
    assert "given up" in caplog.text
    for private in ("s3cret-part", "8-0"):
        assert private not in caplog.text


def test_what_was_given_up_is_replayed_as_it_was(office: Office) -> None:
    with hook_server() as hook:
        hook.status = 410
        wire = Wire(office, hook.url)
        wire.queue()
        wire.hooks.deliver()
        assert wire.states() == [("failed", "gone")]
        hook.status = 204
        with office.database.write() as connection:
            assert deliveries.replay(connection, wire.rows()[0]["id"], wire.clock(connection)) is not None
            assert deliveries.replay(connection, 10**6, wire.clock(connection)) is None
        assert wire.hooks.deliver() == 1
        assert wire.states() == [("delivered", None)]
        assert hook.bodies[0] == hook.bodies[1]
        assert hook.headers[0]["webhook-id"] == hook.headers[1]["webhook-id"]


def test_a_replay_has_its_day_anew(office: Office) -> None:
    wire = Wire(office, f"http://127.0.0.1:{free_port()}/")
    wire.queue()
    wire.later = timedelta(days=3)
    wire.hooks.deliver()
    assert wire.states() == [("failed", "nobody_there")]
    with office.database.write() as connection:
        assert deliveries.replay_failed(connection, wire.clock(connection)) == 1
    wire.hooks.deliver()
    assert wire.states() == [("waiting", "nobody_there")]


def test_once_the_receiver_is_back_what_waited_for_it_is_tried_at_once(office: Office) -> None:
    with hook_server() as hook:
        hook.status = 503
        wire = Wire(office, hook.url)
        wire.queue()
        for _ in range(6):
            wire.hooks.deliver()
            wire.due()
        wire.hooks.deliver()
        assert wire.rows()[0]["due_at"] - wire.rows()[0]["tried_at"] > timedelta(hours=1)
        wire.queue(101)
        hook.status = 200
        assert wire.hooks.deliver() == 3
        assert {state for state, _ in wire.states()} == {"delivered"}


def test_one_that_the_receiver_cannot_take_does_not_keep_the_others(office: Office) -> None:
    with hook_server() as hook:
        hook.status = 500
        wire = Wire(office, hook.url)
        wire.queue()
        wire.hooks.deliver()
        hook.status = 200
        wire.queue(150)
        assert wire.hooks.deliver() == 2
        assert wire.states() == [("waiting", "not_taken"), ("delivered", None), ("delivered", None)]


def test_a_receiver_that_is_down_is_tried_once_a_round(office: Office) -> None:
    wire = Wire(office, f"http://127.0.0.1:{free_port()}/")
    wire.queue(500)
    wire.hooks.deliver()
    assert [row["tries"] for row in wire.rows()] == [1, 0, 0, 0, 0]


def test_a_redirect_is_not_followed(office: Office) -> None:
    with hook_server() as hook:
        hook.status = 307
        wire = Wire(office, hook.url)
        wire.queue()
        wire.hooks.deliver()
        assert wire.states() == [("waiting", "redirect")]
        assert hook.paths == ["/hook/s3cret-part"]


def test_the_certificate_is_checked_against_the_name_though_the_number_is_called(
    office: Office, tmp_path: Path
) -> None:
    server, trusting = certificate(tmp_path)
    with hook_server(tls=server) as hook:
        wire = Wire(office, hook.url)
        wire.queue()
        wire.hooks.deliver()
        assert wire.states() == [("waiting", "certificate")]
        wire.due()
        wire.hooks.carriers[0].tls = trusting
        assert wire.hooks.deliver() == 1
        wire.queue()
        wire.hooks.carriers[0].endpoint = Endpoint(
            "shop", ("customers",), hook.url.replace("localhost", "127.0.0.1"), (NEW,)
        )
        wire.hooks.deliver()
        assert wire.states() == [("delivered", None), ("waiting", "certificate")]


def test_a_receiver_that_says_nothing_is_left_when_its_time_is_over(office: Office) -> None:
    with mute_server() as port:
        wire = Wire(office, f"http://127.0.0.1:{port}/", seconds=0.4)
        wire.queue()
        began = time.monotonic()
        wire.hooks.deliver()
        assert time.monotonic() - began < 3
        assert wire.states() == [("waiting", "slow")]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0", "2130706433"])
def test_a_private_address_is_not_called_however_it_is_written(office: Office, host: str) -> None:
    with hook_server() as hook:
        wire = Wire(office, hook.url.replace("127.0.0.1", host), reach=Reach())
        wire.queue()
        wire.hooks.deliver()
        assert wire.states() == [("waiting", "address_refused")]
        assert hook.posts == []


def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The only thing that cannot be had here is a name server that changes its mind: it answers with an address that is
    # allowed first, and with the receiver's ever after.
    answers = ["127.0.0.2"]
    honest: Any = socket.getaddrinfo

    def fickle(host: str, port: int, *rest: Any, **named: Any) -> Any:
        if host != "shop.example.com":
            return honest(host, port, *rest, **named)
        return honest(answers.pop() if answers else "127.0.0.1", port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", fickle)
    with hook_server() as hook:
        url = hook.url.replace("127.0.0.1", "shop.example.com")
        wire = Wire(office, url, reach=Reach.of(["127.0.0.2"]))
        wire.queue()
        wire.hooks.deliver()
        assert hook.posts == []
        assert wire.states() == [("waiting", "nobody_there")]
        assert answers == []


def test_what_a_dead_process_had_claimed_is_posted_when_its_claim_is_over_under_the_same_identifier(
    office: Office,
) -> None:
    with hook_server() as hook:
        wire = Wire(office, hook.url)
        wire.queue()
        with office.database.write() as connection:
            now = wire.clock(connection)
            claimed = deliveries.claim(connection, wire.rows()[0]["id"], now)
        assert claimed is not None
        # It posted and died before it could say so.
        wire.hooks.carriers[0]._post(claimed, now)
        wire.begin_again()
        assert wire.hooks.deliver() == 0
        wire.later += deliveries.CLAIM + timedelta(seconds=1)
        assert wire.hooks.deliver() == 1
        assert hook.headers[0]["webhook-id"] == hook.headers[1]["webhook-id"]


def test_several_processes_bring_each_delivery_once(office: Office) -> None:
    with hook_server() as hook:
        wires = [Wire(office, hook.url) for _ in range(4)]
        wires[0].queue(1200)
        ready = threading.Barrier(len(wires))

        def deliver(wire: Wire) -> None:
            ready.wait()
            wire.hooks.deliver()

        threads = [threading.Thread(target=deliver, args=(wire,)) for wire in wires]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(hook.posts) == 12
        assert {state for state, _ in wires[0].states()} == {"delivered"}


def test_what_waits_for_a_webhook_that_is_not_set_any_more_waits_a_day(office: Office) -> None:
    wire = Wire(office, "http://127.0.0.1:9/")
    wire.queue()
    gone = Hooks(office.database, (), clock=wire.clock)
    assert gone.tidy() == 0
    wire.later = timedelta(days=1, seconds=1)
    assert wire.hooks.tidy() == 0
    assert gone.tidy() == 1
    assert wire.states() == [("failed", "not_set")]


def test_the_threads_deliver_without_being_called_and_end_soon(office: Office) -> None:
    with hook_server() as hook, mute_server() as port:
        loud, mute = (
            Endpoint(name, ("customers",), url, (NEW,))
            for name, url in (("loud", hook.url), ("mute", f"http://127.0.0.1:{port}/"))
        )
        hooks = Hooks(office.database, (mute, loud), LOOPBACK)
        hooks.start()
        try:
            with office.database.write() as connection:
                results = [Published("acme", "customer", "8-1", 1, "inserted")]
                assert hooks.queue(connection, "customers", results, office.database.now(connection)) == 2
            hooks.wake()
            end = time.monotonic() + 10
            while not hook.posts:
                assert time.monotonic() < end
                time.sleep(0.02)
        finally:
            began = time.monotonic()
            hooks.stop()
        assert time.monotonic() - began < 4
        # Its thread has the time limit of a post to go, and must not meet a closed database.
        hooks.carriers[0].join(12)
