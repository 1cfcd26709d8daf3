"""What settings there are, their defaults and their checks."""

import ipaddress
import re
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from babel.localtime import get_localzone
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from qbwc_server.settings.office_hours import OfficeHours
from qbwc_server.settings.private import check_private
from qbwc_server.settings.urls import OUR_DATABASES, WEBSITE_DATABASES, database_url, public_url
from qbwc_server.settings.webhooks import WebhookSetting
from qbwc_server.settings.zones import zone_named

_LAST_PORT: Final = 65535


MOST_DAYS: Final = 36500
"""The longest time that anything can be told to be kept."""

LEAST_SECRET_KEY: Final = 32
"""The least length of a secret key, in characters."""


class Settings(BaseModel):
    """All settings of one process; unchangeable. Its text never shows a password or a key.

    Attributes:
        data_dir: Where databases, the secret key and qbwc.toml are; always absolute.
        database_url: Our own state, as SQLAlchemy takes it, driver included.
        website_database_url: The website's database, the same way.
        mapping: A mapping.toml, or None for the default tables.
        public_url: What the Web Connector calls, without a slash at its end.
        trusted_proxies: Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
        secret_key: As given; the function secret_key() looks into the data directory too.
        host: Where the server listens.
        port: The same; 0 is any free port.
        threads: How many requests are served at a time.
        time_zone: An IANA name, for people without a choice of their own and for schedules.
        language: For people without a choice of their own.
        support_contact: Name, phone, e-mail; shown on the help page and on errors.
        smtp_url: The mail server for alerts.
        mail_from: Their sender.
        office_hours: When the QuickBooks PC is expected to be on, in `time_zone`.
        schedules: Whether lists are read by themselves, as each company's schedule says; "on" or "off".
        alert_after: Minutes of silence within the office hours after which somebody is told.
        alert_webhook: An address that alerts are posted to, as JSON.
        log_format: "text" or "json".
        publish_private: Private fields the owner wants published, as "customer.Balance". That they exist and are
            private is checked where `load_settings` is told the fields; else only their form.
        keep_changes_days: How long it is kept what changed in QuickBooks.
        keep_exchanges_days: The same of the Web Connector's visits, their calls and the requests sent.
        keep_refreshes_days: The same of refreshes that are final, who asked for them, and programs' idempotency keys.
        keep_tombstones_days: How long the values are kept of a record that QuickBooks deleted.
        keep_audit_days: How long it is kept who did what.
        keep_webhooks_days: The same of what webhooks were told, once it was taken or given up.
        webhooks: Who is told of what is published into the default tables.
        webhook_networks: Networks that are not public and that webhooks may be sent into all the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    data_dir: Path = Path("qbwc-data")
    database_url: SecretStr = SecretStr("sqlite:///{data_dir}/qbwc.db")
    website_database_url: SecretStr = SecretStr("sqlite:///{data_dir}/website.db")
    mapping: Path | None = None
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    secret_key: SecretStr | None = None
    host: str = Field(default="127.0.0.1", pattern=r"^[^\s/]+$")
    port: int = Field(default=8080, ge=0, le=_LAST_PORT)
    threads: int = Field(default=8, ge=1, le=256)
    time_zone: str = ""
    language: Literal["en", "fr"] = "en"
    support_contact: str | None = None
    smtp_url: SecretStr | None = None
    mail_from: str | None = None
    office_hours: OfficeHours = OfficeHours.parse("mon-fri 08:00-18:00")
    schedules: Literal["on", "off"] = "on"
    alert_after: int = Field(default=60, ge=1, le=10080)
    alert_webhook: SecretStr | None = None
    log_format: Literal["text", "json"] = "text"
    publish_private: tuple[str, ...] = ()
    keep_changes_days: int = Field(default=730, ge=1, le=MOST_DAYS, strict=True)
    keep_exchanges_days: int = Field(default=90, ge=1, le=MOST_DAYS, strict=True)
    keep_refreshes_days: int = Field(default=365, ge=1, le=MOST_DAYS, strict=True)
    keep_tombstones_days: int = Field(default=365, ge=1, le=MOST_DAYS, strict=True)
    keep_audit_days: int = Field(default=3650, ge=1, le=MOST_DAYS, strict=True)
    keep_webhooks_days: int = Field(default=30, ge=1, le=MOST_DAYS, strict=True)
    webhooks: tuple[WebhookSetting, ...] = ()
    webhook_networks: tuple[str, ...] = ()

    @property
    def path_prefix(self) -> str:
        """The path of the public URL, "" or for example "/books"."""
        return urlsplit(self.public_url).path

    @property
    def public_is_https(self) -> bool:
        """Whether browsers and the Web Connector reach this server by https."""
        return self.public_url.startswith("https:")

    def with_changes(self, **changes: object) -> Self:
        """Returns the same settings but for some, checked again.

        Raises:
            ValidationError: A value is not right.
        """
        return self.model_validate({name: getattr(self, name) for name in type(self).model_fields} | changes)

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, data: dict[str, Any]) -> dict[str, Any]:
        # This default depends on another setting, so it is filled in before each setting is checked.
        whole = {name: value for name, value in data.items() if value is not None}
        whole.setdefault("public_url", _local_url(whole.get("port"), cls.model_fields["port"].default))
        return whole

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        if "?" in str(value):
            raise PydanticCustomError("bad", "form")  # it would end the path in the address of an SQLite database
        return value.expanduser().absolute()

    @field_validator("mapping")
    @classmethod
    def _followed(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and not (info.context or {}).get("mapping", True):
            raise PydanticCustomError("mapping_later", "later")
        return value

    @field_validator("database_url", "website_database_url")
    @classmethod
    def _database(cls, value: SecretStr, info: Any) -> SecretStr:
        allowed = OUR_DATABASES if info.field_name == "database_url" else WEBSITE_DATABASES
        return SecretStr(database_url(value.get_secret_value(), allowed, info.data.get("data_dir")))

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        return public_url(value)

    @field_validator("trusted_proxies", "webhook_networks", "publish_private", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies", "webhook_networks")
    @classmethod
    def _proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            ipaddress.ip_network(address, strict=False)
        return value

    @field_validator("publish_private")
    @classmethod
    def _private(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        fields = (info.context or {}).get("fields")
        for name in value:
            check_private(name, fields)
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if not value:
            here = get_localzone()
            value = getattr(here, "key", None) or getattr(here, "zone", None) or "UTC"
        try:
            return zone_named(value).key
        except (KeyError, ValueError, OSError):
            raise PydanticCustomError("time_zone_unknown", "unknown", {"value": value}) from None

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < LEAST_SECRET_KEY:
            raise PydanticCustomError("secret_key_short", "short", {"least": LEAST_SECRET_KEY})
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_address(value.get_secret_value(), r"smtps?://[^/\s]\S*"):
            raise PydanticCustomError("bad", "form")
        return value

    @field_validator("office_hours", mode="before")
    @classmethod
    def _hours(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return OfficeHours.parse(value)
        except ValueError:
            raise PydanticCustomError("bad", "form") from None

    @field_validator("alert_webhook")
    @classmethod
    def _webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_address(value.get_secret_value(), r"https?://[^/\s@]+(?:/\S*)?"):
            raise PydanticCustomError("bad", "form")
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail(cls, value: str | None) -> str | None:
        if value is not None and not re.search(r"[^@\s]@[^@\s]", value):
            raise PydanticCustomError("bad", "form")
        return value


def _is_address(url: str, form: str) -> bool:
    """Tell whether an address has a form, a host, and a port that can be one if it names any."""
    if re.fullmatch(form, url) is None:
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _local_url(port: object, default: int) -> str:
    # A bad port has a complaint of its own; it must not spoil the address as well.
    digits = str(port)
    few = len(digits) <= len(str(_LAST_PORT))
    good = few and digits.isascii() and digits.isdigit() and int(digits) <= _LAST_PORT
    return f"http://localhost:{digits if good else default}"
