"""Users, sessions and tokens on the real databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import argon2
import pytest
import sqlalchemy as sa

from qbwc_server.store import accounts, migrate, sessions, tokens, users
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
    assert sessions.user_of(connection, token, NOW + timedelta(minutes=59)) == user
    assert sessions.user_of(connection, token, NOW + timedelta(hours=1)) is None
    assert sessions.user_of(connection, token + "x", NOW) is None
    sessions.end(connection, token)
    assert sessions.user_of(connection, token, NOW) is None


def test_a_new_password_ends_every_session(connection: sa.Connection) -> None:
    user = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    token = sessions.begin(connection, user, NOW, timedelta(hours=1))
    users.set_password(connection, "marie", "another phrase")
    assert sessions.user_of(connection, token, NOW) is None
    assert users.check_password(connection, "marie", PASSWORD) is None
    assert users.check_password(connection, "marie", "another phrase") == user


def test_a_disabled_user_is_out_at_once(connection: sa.Connection) -> None:
    user = users.add(connection, "marie", "viewer", PASSWORD, NOW)
    token = sessions.begin(connection, user, NOW, timedelta(hours=1))
    users.disable(connection, "marie")
    assert sessions.user_of(connection, token, NOW) is None
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
