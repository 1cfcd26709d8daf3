import stat
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url

from qbwc_server.settings import (
    Settings,
    SettingsError,
    load_settings,
    make_secret_key,
    prepare_data_dir,
    secret_key,
    shown_url,
    unknown_variables,
)
from qbwc_server.settings import urls as urls_module

KEY = "k" * 32


def load(tmp_path: Path, toml: str = "", environ: Mapping[str, str] | None = None, **given: object) -> Settings:
    if toml:
        (tmp_path / "qbwc.toml").write_text(toml, "utf-8")
    return load_settings({"data_dir": tmp_path, **given}, environ or {})


def complaint(tmp_path: Path, toml: str = "", environ: Mapping[str, str] | None = None, **given: object) -> str:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, toml, environ, **given)
    assert all("\n" not in problem for problem in refused.value.problems)
    return str(refused.value)


def test_the_defaults_are_those_of_the_contract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    settings = load_settings({}, {})

    assert settings.data_dir == tmp_path / "qbwc-data"
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path.as_posix()}/qbwc-data/qbwc.db"
    assert settings.website_database_url.get_secret_value() == f"sqlite:///{tmp_path.as_posix()}/qbwc-data/website.db"
    assert settings.public_url == "http://localhost:8080"
    assert (settings.host, settings.port, settings.threads) == ("127.0.0.1", 8080, 8)
    assert (settings.language, settings.log_format) == ("en", "text")
    assert settings.time_zone
    assert settings.mapping is None
    assert settings.trusted_proxies == ()
    assert settings.publish_private == ()
    assert not settings.data_dir.exists()


def test_command_line_before_environment_before_file_before_default(tmp_path: Path) -> None:
    toml = "port = 1001\nthreads = 3\nlanguage = 'fr'\n"

    assert load(tmp_path, toml).port == 1001
    settings = load(tmp_path, toml, {"QBWC_PORT": "1002", "QBWC_THREADS": "4"}, port=1003)
    assert (settings.port, settings.threads, settings.language) == (1003, 4, "fr")


def test_none_on_the_command_line_and_an_empty_variable_mean_not_given(tmp_path: Path) -> None:
    assert load(tmp_path, "port = 1001", {"QBWC_PORT": " "}, port=None).port == 1001


def test_the_public_url_follows_the_port_unless_it_is_given(tmp_path: Path) -> None:
    assert load(tmp_path, port=9000).public_url == "http://localhost:9000"
    assert load(tmp_path, environ={"QBWC_PORT": "9001"}).public_url == "http://localhost:9001"


@pytest.mark.parametrize(
    ("given", "kept", "prefix"),
    [
        ("https://Books.Example.com/", "https://books.example.com", ""),
        ("https://example.com/books/", "https://example.com/books", "/books"),
        ("https://example.com:8443", "https://example.com:8443", ""),
        ("http://localhost:8080", "http://localhost:8080", ""),
        ("https://localhost/x", "https://localhost/x", "/x"),
        ("https://bücher.example.com.", "https://bücher.example.com.", ""),
    ],
)
def test_a_public_url_is_kept_in_its_plain_form(tmp_path: Path, given: str, kept: str, prefix: str) -> None:
    settings = load(tmp_path, public_url=given)

    assert (settings.public_url, settings.path_prefix) == (kept, prefix)
    assert settings.public_is_https == kept.startswith("https:")


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        ("https://10.0.0.1", "Use a name, for example https://"),
        ("http://192.168.1.4:8080", "Use a name, for example https://"),
        ("https://2130706433", "Use a name, for example https://"),
        ("https://0x7f000001", "Use a name, for example https://"),
        ("https://[2001:db8::1]", "Use a name, for example https://"),
        ("http://127.0.0.1:8080", "Use localhost instead"),
        ("http://[::1]", "Use localhost instead"),
        ("http://books.example.com", "Use https"),
        ("books.example.com", "must be an address such as"),
        ("ftp://books.example.com", "must be an address such as"),
        ("https://", "must be an address such as"),
        ("https://u:p@books.example.com", "must be an address such as"),
        ("https://books.example.com/?a=b", "must be an address such as"),
        ("https://books.example.com/#x", "must be an address such as"),
        ("https://books.example.com:port", "must be an address such as"),
        ("https://books.example.com//x", "must be an address such as"),
        ("https://books..example.com", "must be an address such as"),
        ("https://bücher..example.com", "must be an address such as"),
        (f"https://{'ü' * 63}.example.com", "must be an address such as"),
        ('https://"books.example.com', "must be an address such as"),
    ],
)
def test_a_public_url_the_web_connector_refuses_is_refused_with_the_cure(tmp_path: Path, given: str, cure: str) -> None:
    told = complaint(tmp_path, environ={"QBWC_PUBLIC_URL": given})

    assert told.startswith("QBWC_PUBLIC_URL ")
    assert cure in told


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgresql://u:p@h:5432/d", "postgresql+psycopg://u:p@h:5432/d"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d?sslmode=require", "postgresql+psycopg://u@h/d?sslmode=require"),
        ("mysql://u:p%40@h/d", "mysql+pymysql://u:p%40@h/d"),
        ("mariadb://u@h/d", "mariadb+pymysql://u@h/d"),
        ("sqlite:////srv/site.db", "sqlite:////srv/site.db"),
    ],
)
def test_the_driver_of_a_database_is_chosen(tmp_path: Path, given: str, taken: str) -> None:
    assert load(tmp_path, website_database_url=given).website_database_url.get_secret_value() == taken


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        ("mysql://u:s3cret@h/d", "(mysql). Use one of: sqlite, postgresql."),
        ("postgresql+psycopg2://u:s3cret@h/d", "(postgresql+psycopg2). Use one of: sqlite, postgresql."),
        ("oracle://u:s3cret@h/d", "Use one of: sqlite, postgresql."),
        ("postgresql://u:s3cret@h", "does not say which database"),
        ("sqlite://", "does not say which database"),
        ("s3cret", "must be the address of a database"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_without_its_password(tmp_path: Path, given: str, cure: str) -> None:
    told = complaint(tmp_path, environ={"QBWC_DATABASE_URL": given})

    assert told.startswith("QBWC_DATABASE_URL ")
    assert cure in told
    assert "s3cret" not in told


def test_a_missing_driver_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(urls_module, "find_spec", lambda _module: None)

    told = complaint(tmp_path, database_url="sqlite:////srv/x.db", website_database_url="mysql://u@h/d")

    assert 'pip install "qbwc-server[mysql]"' in told


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("prot = 1", "prot ({path}) is not a setting. port is probably meant."),
        ("colour = 'red'", "colour ({path}) is not a setting. Take it out"),
        ("port = 'many'", "port ({path}) must be a whole number from 0 to 65535."),
        ("port = 70000", "port ({path}) must be a whole number from 0 to 65535."),
        pytest.param(f"port = {'9' * 4000}", "port ({path}) must be a whole number from 0 to 65535.", id="4000 digits"),
        pytest.param(f"port = {'9' * 5000}", "{path}", id="5000 digits"),
        ("threads = 0", "threads ({path}) must be a whole number from 1 to 256."),
        ("language = 'de'", "language ({path}) must be en or fr."),
        ("log_format = 'xml'", "log_format ({path}) must be text or json."),
        ("time_zone = 'Mars/One'", "time_zone ({path}) names a time zone that is not known here (Mars/One)."),
        ("time_zone = 'localtime'", "time_zone ({path}) names a time zone that is not known here (localtime)."),
        ("trusted_proxies = ['proxy']", "trusted_proxies ({path}) must be a list of IP addresses"),
        ("trusted_proxies = 4", "trusted_proxies ({path}) must be a list of IP addresses"),
        (
            "publish_private = ['Balance']",
            "publish_private ({path}) holds “Balance”, which is not the name of a field.",
        ),
        ("publish_private = ['vendor.Balance']", "holds “vendor.Balance”"),
        ("secret_key = 'short'", "secret_key ({path}) is too short."),
        ("smtp_url = 'mail.example.com'", "smtp_url ({path}) must be an address such as smtp://"),
        ("smtp_url = 'smtp://u:p@mail.example.com:post'", "smtp_url ({path}) must be an address such as smtp://"),
        ("smtp_url = 'smtp://u:p/w@mail.example.com'", "smtp_url ({path}) must be an address such as smtp://"),
        ("alert_webhook = 'https://hooks.example.com:99999/x'", "alert_webhook ({path}) must be an address such as"),
        ("mail_from = 'me'", "mail_from ({path}) must be an e-mail address."),
        ("data_dir = '/srv'", "data_dir cannot stand in {path}"),
        ("database_url = 5", "database_url ({path}) must be the address of a database."),
        ("port = ", "{path} is not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence_with_the_key_and_the_cure(tmp_path: Path, toml: str, told: str) -> None:
    assert told.format(path=tmp_path / "qbwc.toml") in complaint(tmp_path, toml)


def test_all_mistakes_are_told_at_once_in_the_chosen_language(tmp_path: Path) -> None:
    told = complaint(tmp_path, "threads = 0", {"QBWC_LANGUAGE": "fr", "QBWC_LOG_FORMAT": "xml"}, port=-1)

    assert len(told.splitlines()) == 3
    assert "QBWC_LOG_FORMAT doit être text ou json." in told
    assert "--port doit être" in told


def test_lists_may_be_written_with_commas_in_the_environment(tmp_path: Path) -> None:
    environ = {"QBWC_TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16", "QBWC_PUBLISH_PRIVATE": "item.Custom.Shelf Mark"}

    settings = load(tmp_path, environ=environ)

    assert settings.trusted_proxies == ("10.0.0.1", "10.1.0.0/16")
    assert settings.publish_private == ("item.Custom.Shelf Mark",)


def test_a_path_in_the_file_is_seen_from_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, "mapping = 'mapping.toml'").mapping == tmp_path / "mapping.toml"


def test_variables_that_are_no_settings_are_ignored_but_can_be_listed(tmp_path: Path) -> None:
    environ = {"QBWC_PROT": "1", "QBWC_SHARED": "x", "QBWC_PORT": "1234", "HOME": "/"}

    assert load(tmp_path, environ=environ).port == 1234
    assert unknown_variables(environ) == ("QBWC_PROT", "QBWC_SHARED")


def test_settings_cannot_be_changed_and_never_show_a_secret(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        secret_key=KEY,
        database_url="postgresql://u:s3cret@h/d",
        smtp_url="smtp://u:s3cret@mail.example.com",
    )

    assert KEY not in f"{settings!r} {settings}"
    assert "s3cret" not in f"{settings!r} {settings}"
    assert shown_url(settings.database_url.get_secret_value()) == "postgresql+psycopg://u:***@h/d"
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]


def test_some_settings_can_be_replaced_and_are_checked_again(tmp_path: Path) -> None:
    settings = load(tmp_path, secret_key=KEY)

    changed = settings.with_changes(port=9000, public_url="http://localhost:9000")

    assert (changed.port, changed.public_url) == (9000, "http://localhost:9000")
    assert changed.database_url == settings.database_url
    with pytest.raises(ValidationError):
        settings.with_changes(port="many")


def test_a_data_directory_that_would_spoil_a_database_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--data-dir must be the path of a directory"):
        load_settings({"data_dir": tmp_path / "what?"}, {})


@pytest.mark.parametrize("name", ["two words", "a%20b", "100%", "#1", "a@b:c", "Büro & Co"])
def test_the_databases_are_in_the_data_directory_whatever_its_name(tmp_path: Path, name: str) -> None:
    settings = load_settings({"data_dir": tmp_path / name}, {})
    again = settings.with_changes(port=9000)
    for url in (settings.database_url, settings.website_database_url, again.database_url):
        assert Path(make_url(url.get_secret_value()).database or "").parent == tmp_path / name


def test_the_data_directory_may_stand_anywhere_in_an_address(tmp_path: Path) -> None:
    url = "postgresql://u@h/d?sslmode=verify-full&sslrootcert={data_dir}/ca.pem"
    kept = load(tmp_path, database_url=url).database_url.get_secret_value()
    assert make_url(kept).query["sslrootcert"] == f"{tmp_path.as_posix()}/ca.pem"


def test_a_database_in_memory_is_refused_because_nobody_else_would_see_it(tmp_path: Path) -> None:
    assert "does not say which database" in complaint(tmp_path, database_url="sqlite:///:memory:")


def test_a_byte_order_mark_before_the_file_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "qbwc.toml").write_text("port = 9000\n", "utf-8-sig")
    assert load(tmp_path).port == 9000


def test_the_data_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load(tmp_path / "a" / "b")

    assert prepare_data_dir(settings) == tmp_path / "a" / "b"
    assert prepare_data_dir(settings).is_dir()
    if sys.platform != "win32":
        assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700


def test_a_file_in_place_of_the_data_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    with pytest.raises(SettingsError, match="is a file"):
        load(tmp_path / "taken")
    with pytest.raises(SettingsError, match="is a file"):
        prepare_data_dir(Settings(data_dir=tmp_path / "taken"))


def test_the_secret_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(SettingsError, match="Run: qbwc init"):
        secret_key(settings)

    assert make_secret_key(settings)
    key = secret_key(settings)
    assert not make_secret_key(settings)

    assert secret_key(settings) == key
    assert len(key) == 64
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_a_secret_key_among_the_settings_needs_no_file(tmp_path: Path) -> None:
    settings = load(tmp_path, secret_key=KEY)

    assert not make_secret_key(settings)
    assert secret_key(settings) == KEY.encode()
    assert not (tmp_path / "secret.key").exists()


def test_a_secret_key_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("abc\n")

    with pytest.raises(SettingsError, match="too short"):
        secret_key(load(tmp_path))


FIELDS = {
    "customer.Name": False,
    "customer.Balance": True,
    "customer.Notes": True,
    "customer.Custom": True,
    "item.AverageCost": True,
    "item.Custom": True,
}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("customer.Balence", "no such field. customer.Balance is probably meant."),
        ("customer.balance", "customer.Balance is probably meant."),
        ("item.custom.Shelf Mark", "item.Custom.Shelf Mark is probably meant."),
        ("customer.Name", "which is not private. Take it out of the list."),
        ("customer.name", "Use one of: customer.Balance, customer.Notes, customer.Custom."),
        ("item.Balance", "Use one of: item.AverageCost, item.Custom."),
        ("customer.Balance.Now", "customer.Balance is probably meant."),
    ],
)
def test_a_private_field_that_is_none_is_told_with_the_one_probably_meant(
    tmp_path: Path, value: str, told: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"data_dir": tmp_path, "publish_private": value}, {}, fields=FIELDS)
    assert f"“{value}”" in str(refused.value)
    assert told in str(refused.value)


@pytest.mark.parametrize("value", ["customer.Balance", "customer.Custom", "item.Custom.Shelf Mark"])
def test_a_private_field_that_exists_is_taken(tmp_path: Path, value: str) -> None:
    assert load_settings({"data_dir": tmp_path, "publish_private": value}, {}, fields=FIELDS).publish_private == (
        value,
    )


KEEP = {
    "keep_changes_days": 730,
    "keep_exchanges_days": 90,
    "keep_refreshes_days": 365,
    "keep_tombstones_days": 365,
    "keep_audit_days": 3650,
    "keep_webhooks_days": 30,
}


@pytest.mark.parametrize(("name", "days"), KEEP.items())
def test_how_long_things_are_kept_may_be_said_in_whole_days(name: str, days: int, tmp_path: Path) -> None:
    variable = f"QBWC_{name.upper()}"
    assert getattr(load_settings({"data_dir": tmp_path}, {}), name) == days
    assert getattr(load_settings({"data_dir": tmp_path}, {variable: "1"}), name) == 1
    for bad in ("0", "-3", "1.5", "forever", "36501"):
        with pytest.raises(SettingsError, match=f"{variable} must be a whole number of days from 1 to 36500"):
            load_settings({"data_dir": tmp_path}, {variable: bad})


@pytest.mark.parametrize("name", KEEP)
@pytest.mark.parametrize("given", ["true", "false", "30.0", '"30"', "0", "36501", "9" * 300])
def test_in_the_file_only_a_whole_number_says_how_long_things_are_kept(name: str, given: str, tmp_path: Path) -> None:
    told = complaint(tmp_path, f"{name} = {given}\n")

    assert told.startswith(f"{name} ({tmp_path / 'qbwc.toml'}) ")
    assert "must be a whole number of days from 1 to 36500" in told
    assert getattr(load(tmp_path, f"{name} = 30\n"), name) == 30


@pytest.mark.parametrize("given", ["30.0", "true", "٣", "1_000", "+30", "9" * 5000])
def test_in_the_environment_only_digits_say_how_long_things_are_kept(given: str, tmp_path: Path) -> None:
    told = complaint(tmp_path, environ={"QBWC_KEEP_AUDIT_DAYS": given})

    assert told.startswith("QBWC_KEEP_AUDIT_DAYS must be a whole number of days")
