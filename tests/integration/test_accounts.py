"""Users, sessions and tokens on the real databases."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import argon2
import pytest
import sqlalchemy as sa
from office import Office

from qbwc_server.store import accounts, audit, migrate, sessions, tokens, users
from qbwc_server.store.database import Database
from qbwc_server.store.tables import companies
from qbwc_server.store.tables import users as user_table

NOW = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
PASSWORD = "correct horse"


@pytest.fixture
def connection(database_url: str) -> Iterator[sa.Connection]:
    database = Database(database_url)
    migrate.upgrade(database)
    with database.write() as connection:
        yield connection
    database.close()


def _company(connection: sa.Connection, name: str) -> None:
    connection.execute(
        sa.insert(companies).values(
            company=name,
            title=name,
            user_name=name,
            password_sha256="0" * 64,
            password_changed_at=NOW,
            owner_id=name,
            file_id=name,
            created_at=NOW,
        )
    )


def _user_of(connection: sa.Connection, token: str, now: datetime) -> users.User | None:
    found = sessions.find(connection, token, now)
    return None if found is None else found[0]


def _begin(connection: sa.Connection, user: users.User, **given: Any) -> str:
    return sessions.begin(connection, user, given.pop("now", NOW), timedelta(hours=12), **given)


def test_a_user_signs_in_with_the_right_password_only(connection: sa.Connection) -> None:
    made = users.add(connection, "marie", "operator", PASSWORD, NOW)
    assert users.check_password(connection, "marie", PASSWORD) == made
    assert users.check_password(connection, "marie", PASSWORD + "x") is None
    assert users.check_password(connection, "Marie", PASSWORD) is None
    assert users.check_password(connection, "nobody", PASSWORD) is None
    assert users.check_password(connection, "marie", "") is None


def test_a_password_is_kept_as_argon2id_with_19_mebibytes(connection: sa.Connection) -> None:
    users.add(connection, "marie", "viewer", PASSWORD, NOW)
    kept = connection.scalar(sa.select(user_table.c.password_hash))
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in kept


def test_an_old_hash_is_renewed_at_the_next_sign_in(connection: sa.Connection) -> None:
    users.add(connection, "marie", "viewer", PASSWORD, NOW)
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    connection.execute(sa.update(user_table).values(password_hash=weak))
    assert users.check_password(connection, "marie", PASSWORD) is not None
    kept = connection.scalar(sa.select(user_table.c.password_hash))
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=19456,")
    assert users.check_password(connection, "marie", PASSWORD) is not None


@pytest.mark.parametrize("name", ["", " marie", "marie\u00a0", "a\nb", "ma\u200brie", "a\u2028b", "x" * 101])
def test_a_name_that_cannot_be_typed_is_refused(connection: sa.Connection, name: str) -> None:
    with pytest.raises(accounts.BadName):
        users.add(connection, name, "viewer", PASSWORD, NOW)


@pytest.mark.parametrize(
    "name",
    [
        "api:shop",
        "API: x",
        "root (qbwc)",
        "Root (QBWC)",
        "schedule",
        "Schedule",
        "192.0.2.1",
        "2001:db8::1",
        "::ffff:192.0.2.1",
    ],
)
def test_a_user_has_no_name_that_the_audit_gives_to_somebody_else(connection: sa.Connection, name: str) -> None:
    with pytest.raises(accounts.MisleadingName, match="Choose another name"):
        users.add(connection, name, "viewer", PASSWORD, NOW)
    assert not users.exists(connection, name)


@pytest.mark.parametrize("name", ["api", "rapi:d", "marie (office)", "qbwc", "192.0.2", "1.2.3.4 west"])
def test_a_name_that_only_resembles_those_can_be_a_users(connection: sa.Connection, name: str) -> None:
    assert users.add(connection, name, "viewer", PASSWORD, NOW).name == name


@pytest.mark.parametrize("name", ["Marie\u00a0Roy", "Élise\u202fB.", "Мария", "x" * 100])
def test_a_name_may_hold_what_people_type(connection: sa.Connection, name: str) -> None:
    assert users.add(connection, name, "viewer", PASSWORD, NOW).name == name
    assert tokens.add(connection, name, "viewer", None, NOW).startswith("qbwc_")


def test_a_short_password_and_an_unknown_role_are_refused(connection: sa.Connection) -> None:
    with pytest.raises(users.BadPassword):
        users.add(connection, "marie", "viewer", "short", NOW)
    with pytest.raises(accounts.BadRole, match="viewer, operator, admin"):
        users.add(connection, "marie", "owner", PASSWORD, NOW)


def test_a_name_is_given_once_and_the_transaction_goes_on(connection: sa.Connection) -> None:
    users.add(connection, "marie", "viewer", PASSWORD, NOW)
    with pytest.raises(users.UserExists):
        users.add(connection, "marie", "admin", PASSWORD, NOW)
    users.add(connection, "luc", "admin", PASSWORD, NOW)
    assert [(user.name, user.role) for user in users.everyone(connection)] == [("luc", "admin"), ("marie", "viewer")]


def test_a_session_lasts_its_lifetime(connection: sa.Connection) -> None:
    user = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    token = sessions.begin(connection, user, NOW, timedelta(hours=1))
    assert _user_of(connection, token, NOW + timedelta(minutes=59)) == user
    assert _user_of(connection, token, NOW + timedelta(hours=1)) is None
    assert _user_of(connection, token + "x", NOW) is None
    sessions.end(connection, token)
    assert _user_of(connection, token, NOW) is None


def test_a_new_password_ends_every_session(connection: sa.Connection) -> None:
    user = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    token = sessions.begin(connection, user, NOW, timedelta(hours=1))
    users.set_password(connection, "marie", "another phrase")
    assert _user_of(connection, token, NOW) is None
    assert users.check_password(connection, "marie", PASSWORD) is None
    assert users.check_password(connection, "marie", "another phrase") == user


def test_a_disabled_user_is_out_at_once(connection: sa.Connection) -> None:
    user = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    token = sessions.begin(connection, user, NOW, timedelta(hours=1))
    users.disable(connection, "marie")
    assert _user_of(connection, token, NOW) is None
    assert users.check_password(connection, "marie", PASSWORD) is None
    with pytest.raises(users.UnknownUser):
        users.disable(connection, "nobody")


def test_a_token_works_until_it_is_revoked(connection: sa.Connection) -> None:
    _company(connection, "acme")
    secret = tokens.add(connection, "shop", "operator", "acme", NOW)
    owner = tokens.owner_of(connection, secret)
    assert owner == tokens.Token("shop", "operator", "acme", NOW, None)
    assert owner.may("viewer")
    assert not owner.may("admin")
    with pytest.raises(tokens.TokenExists):
        tokens.add(connection, "shop", "viewer", None, NOW)
    tokens.revoke(connection, "shop", NOW)
    assert tokens.owner_of(connection, secret) is None
    with pytest.raises(tokens.UnknownToken):
        tokens.revoke(connection, "shop", NOW)


def test_the_name_of_a_revoked_token_can_be_used_again(connection: sa.Connection) -> None:
    old = tokens.add(connection, "shop", "viewer", None, NOW)
    tokens.revoke(connection, "shop", NOW)
    new = tokens.add(connection, "shop", "admin", None, NOW)
    assert tokens.owner_of(connection, old) is None
    assert [token.role for token in tokens.everyone(connection)] == ["admin"]
    assert new != old


def test_a_token_cannot_be_bound_to_an_unknown_company(connection: sa.Connection) -> None:
    with pytest.raises(tokens.UnknownTokenCompany, match="qbwc company list"):
        tokens.add(connection, "shop", "viewer", "acme", NOW)


def test_a_user_who_was_switched_off_and_on_again_signs_in_with_the_password_of_before(
    connection: sa.Connection,
) -> None:
    user = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    token = _begin(connection, user)
    users.disable(connection, "marie")
    users.enable(connection, "marie")
    assert users.check_password(connection, "marie", PASSWORD) == user
    assert _user_of(connection, token, NOW) is None
    with pytest.raises(users.UnknownUser):
        users.enable(connection, "nobody")


def test_a_role_changes_what_the_session_that_is_open_may_do(connection: sa.Connection) -> None:
    token = _begin(connection, users.add(connection, "marie", "viewer", PASSWORD, NOW))
    users.set_role(connection, "marie", "operator")
    found = _user_of(connection, token, NOW)
    assert found is not None
    assert found.role == "operator"
    with pytest.raises(accounts.BadRole):
        users.set_role(connection, "marie", "owner")


def test_the_last_administrator_who_may_sign_in_is_kept(connection: sa.Connection) -> None:
    users.add(connection, "ada", "admin", PASSWORD, NOW)
    users.add(connection, "olga", "admin", PASSWORD, NOW)
    users.keep_an_admin(connection, "ada")
    users.disable(connection, "olga")
    with pytest.raises(users.LastAdmin, match="'ada' is the last administrator"):
        users.keep_an_admin(connection, "ada")
    users.keep_an_admin(connection, "olga")


def test_a_contact_is_kept_and_alerts_need_one(connection: sa.Connection) -> None:
    users.add(connection, "marie", "viewer", PASSWORD, NOW)
    users.set_contact(connection, "marie", "marie@example.com", alerts=True)
    kept = users.get(connection, "marie")
    assert (kept.email, kept.alerts) == ("marie@example.com", True)
    with pytest.raises(users.EmailNeeded):
        users.set_contact(connection, "marie", None, alerts=True)
    users.set_contact(connection, "marie", None, alerts=False)
    assert users.get(connection, "marie").email is None


@pytest.mark.parametrize(
    "email",
    ["", "marie", "a b@example.com", "a@b@c", "a@x\r\nBcc: z@x", "a@x,b@x", "<a@x>", "é@x.ca", f"{'a' * 250}@x.ca"],
)
def test_what_is_no_address_of_mail_is_refused(connection: sa.Connection, email: str) -> None:
    users.add(connection, "marie", "viewer", PASSWORD, NOW)
    with pytest.raises(users.BadEmail):
        users.set_contact(connection, "marie", email, alerts=False)
    with pytest.raises(users.BadEmail):
        users.add(connection, "luc", "viewer", PASSWORD, NOW, email=email)


def test_sessions_are_listed_with_the_one_used_last_first_and_without_the_ended(connection: sa.Connection) -> None:
    marie = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    luc = users.add(connection, "luc", "viewer", PASSWORD, NOW)
    _begin(connection, marie, address="192.0.2.1", browser="Firefox")
    later = NOW + timedelta(minutes=5)
    sessions.begin(connection, marie, NOW, timedelta(minutes=1))
    token = _begin(connection, marie, now=later, browser="x" * 500, address="y" * 100)
    _begin(connection, luc, now=later)
    first, second = sessions.of(connection, "marie", later)
    assert (second.user, second.address, second.browser, second.seen_at) == ("marie", "192.0.2.1", "Firefox", NOW)
    assert (first.seen_at, len(first.browser or ""), len(first.address or "")) == (later, 200, 64)
    assert token not in str(first)


def test_from_where_a_user_has_sessions_is_known_by_exact_name_and_ends_with_them(connection: sa.Connection) -> None:
    marie = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    luc = users.add(connection, "luc", "viewer", PASSWORD, NOW)
    for address in ("192.0.2.1", "192.0.2.1", "2001:db8::1", None):
        _begin(connection, marie, address=address)
    _begin(connection, luc, address="192.0.2.9")
    assert sessions.addresses(connection, "marie") == {"192.0.2.1", "2001:db8::1"}
    assert sessions.addresses(connection, "Marie") == frozenset()
    users.set_password(connection, "marie", "another phrase")
    assert sessions.addresses(connection, "marie") == frozenset()


def test_a_session_is_ended_by_its_owners_name_and_key_only(connection: sa.Connection) -> None:
    marie = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    users.add(connection, "luc", "viewer", PASSWORD, NOW)
    token = _begin(connection, marie)
    (session,) = sessions.of(connection, "marie", NOW)
    assert sessions.end_one(connection, "luc", session.key) == 0
    assert _user_of(connection, token, NOW) == marie
    assert sessions.end_one(connection, "marie", session.key) == 1
    assert _user_of(connection, token, NOW) is None


def test_all_other_sessions_are_ended_and_one_stays(connection: sa.Connection) -> None:
    marie = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    tokens_of_marie = [_begin(connection, marie) for _ in range(3)]
    kept = sessions.find(connection, tokens_of_marie[1], NOW)
    assert kept is not None
    assert users.end_sessions(connection, "marie", but=kept[1].key) == 2
    assert [_user_of(connection, each, NOW) for each in tokens_of_marie] == [None, marie, None]
    users.set_password(connection, "marie", "another phrase", but=kept[1].key)
    assert _user_of(connection, tokens_of_marie[1], NOW) == marie


def test_a_session_is_seen_at_most_once_a_minute(connection: sa.Connection) -> None:
    token = _begin(connection, users.add(connection, "marie", "viewer", PASSWORD, NOW))
    later = NOW + timedelta(minutes=1)
    found = sessions.find(connection, token, NOW)
    assert found is not None
    assert not sessions.is_due(found[1], later - timedelta(seconds=1))
    assert sessions.is_due(found[1], later)
    sessions.see(connection, found[1].key, "192.0.2.9", later)
    (seen,) = sessions.of(connection, "marie", later)
    assert (seen.seen_at, seen.address) == (later, "192.0.2.9")


def test_when_somebody_was_last_here_is_known_after_signing_out_too(connection: sa.Connection) -> None:
    marie = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    users.add(connection, "luc", "viewer", PASSWORD, NOW)
    later = NOW + timedelta(minutes=5)
    audit.note(connection, "marie", "signed_out", later)
    assert sessions.last_seen(connection) == {"marie": later}
    _begin(connection, marie, now=later + timedelta(minutes=5))
    assert sessions.last_seen(connection) == {"marie": later + timedelta(minutes=5)}


def test_two_administrators_who_take_each_others_role_leave_one(office: Office) -> None:
    with office.database.write() as connection:
        for name in ("ada", "olga"):
            users.add(connection, name, "admin", PASSWORD, NOW)
    refused: list[users.LastAdmin] = []

    def take(name: str) -> None:
        try:
            with office.database.write() as connection:
                users.keep_an_admin(connection, name)
                users.set_role(connection, name, "viewer")
        except users.LastAdmin as refusal:
            refused.append(refusal)

    other = threading.Thread(target=take, args=("olga",))
    with office.database.write() as connection:
        users.keep_an_admin(connection, "ada")
        users.set_role(connection, "ada", "viewer")
        other.start()
        if not office.database.is_sqlite:
            office.until_somebody_waits()
    other.join()
    assert len(refused) == 1
    with office.database.read() as connection:
        assert [one.role for one in users.everyone(connection)] == ["viewer", "admin"]
