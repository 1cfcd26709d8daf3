"""Users, sessions and tokens on the real databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import argon2
import pytest
import sqlalchemy as sa

from qbwc_server.store import accounts, migrate
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
    made = accounts.add_user(connection, "marie", "operator", PASSWORD, NOW)
    assert accounts.check_password(connection, "marie", PASSWORD) == made
    assert accounts.check_password(connection, "marie", PASSWORD + "x") is None
    assert accounts.check_password(connection, "Marie", PASSWORD) is None
    assert accounts.check_password(connection, "nobody", PASSWORD) is None
    assert accounts.check_password(connection, "marie", "") is None


def test_a_password_is_kept_as_argon2id_with_19_mebibytes(connection: sa.Connection) -> None:
    accounts.add_user(connection, "marie", "viewer", PASSWORD, NOW)
    kept = connection.scalar(sa.select(user_table.c.password_hash))
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in kept


def test_an_old_hash_is_renewed_at_the_next_sign_in(connection: sa.Connection) -> None:
    accounts.add_user(connection, "marie", "viewer", PASSWORD, NOW)
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    connection.execute(sa.update(user_table).values(password_hash=weak))
    assert accounts.check_password(connection, "marie", PASSWORD) is not None
    kept = connection.scalar(sa.select(user_table.c.password_hash))
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=19456,")
    assert accounts.check_password(connection, "marie", PASSWORD) is not None


@pytest.mark.parametrize("name", ["", " marie", "marie ", "a\nb", "x" * 101])
def test_a_name_that_cannot_be_typed_is_refused(connection: sa.Connection, name: str) -> None:
    with pytest.raises(accounts.BadName):
        accounts.add_user(connection, name, "viewer", PASSWORD, NOW)


def test_a_short_password_and_an_unknown_role_are_refused(connection: sa.Connection) -> None:
    with pytest.raises(accounts.BadPassword):
        accounts.add_user(connection, "marie", "viewer", "short", NOW)
    with pytest.raises(accounts.BadRole, match="viewer, operator, admin"):
        accounts.add_user(connection, "marie", "owner", PASSWORD, NOW)


def test_a_name_is_given_once_and_the_transaction_goes_on(connection: sa.Connection) -> None:
    accounts.add_user(connection, "marie", "viewer", PASSWORD, NOW)
    with pytest.raises(accounts.UserExists):
        accounts.add_user(connection, "marie", "admin", PASSWORD, NOW)
    accounts.add_user(connection, "luc", "admin", PASSWORD, NOW)
    assert [(user.name, user.role) for user in accounts.users(connection)] == [("luc", "admin"), ("marie", "viewer")]


def test_a_session_lasts_its_lifetime(connection: sa.Connection) -> None:
    user = accounts.add_user(connection, "marie", "viewer", PASSWORD, NOW)
    token = accounts.open_session(connection, user, NOW, timedelta(hours=1))
    assert accounts.session_user(connection, token, NOW + timedelta(minutes=59)) == user
    assert accounts.session_user(connection, token, NOW + timedelta(hours=1)) is None
    assert accounts.session_user(connection, token + "x", NOW) is None
    accounts.close_session(connection, token)
    assert accounts.session_user(connection, token, NOW) is None


def test_a_new_password_ends_every_session(connection: sa.Connection) -> None:
    user = accounts.add_user(connection, "marie", "viewer", PASSWORD, NOW)
    token = accounts.open_session(connection, user, NOW, timedelta(hours=1))
    accounts.set_password(connection, "marie", "another phrase")
    assert accounts.session_user(connection, token, NOW) is None
    assert accounts.check_password(connection, "marie", PASSWORD) is None
    assert accounts.check_password(connection, "marie", "another phrase") == user


def test_a_disabled_user_is_out_at_once(connection: sa.Connection) -> None:
    user = accounts.add_user(connection, "marie", "viewer", PASSWORD, NOW)
    token = accounts.open_session(connection, user, NOW, timedelta(hours=1))
    accounts.disable(connection, "marie")
    assert accounts.session_user(connection, token, NOW) is None
    assert accounts.check_password(connection, "marie", PASSWORD) is None
    with pytest.raises(accounts.UnknownUser):
        accounts.disable(connection, "nobody")


def test_a_token_works_until_it_is_revoked(connection: sa.Connection) -> None:
    _company(connection, "acme")
    secret = accounts.add_token(connection, "shop", "operator", "acme", NOW)
    owner = accounts.token_owner(connection, secret)
    assert owner == accounts.Token("shop", "operator", "acme", NOW, None)
    assert owner.may("viewer")
    assert not owner.may("admin")
    with pytest.raises(accounts.TokenExists):
        accounts.add_token(connection, "shop", "viewer", None, NOW)
    accounts.revoke_token(connection, "shop", NOW)
    assert accounts.token_owner(connection, secret) is None
    with pytest.raises(accounts.UnknownToken):
        accounts.revoke_token(connection, "shop", NOW)


def test_the_name_of_a_revoked_token_can_be_used_again(connection: sa.Connection) -> None:
    old = accounts.add_token(connection, "shop", "viewer", None, NOW)
    accounts.revoke_token(connection, "shop", NOW)
    new = accounts.add_token(connection, "shop", "admin", None, NOW)
    assert accounts.token_owner(connection, old) is None
    assert [token.role for token in accounts.tokens(connection)] == ["admin"]
    assert new != old


def test_a_token_cannot_be_bound_to_an_unknown_company(connection: sa.Connection) -> None:
    with pytest.raises(accounts.UnknownTokenCompany, match="qbwc company list"):
        accounts.add_token(connection, "shop", "viewer", "acme", NOW)
