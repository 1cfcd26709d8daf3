"""One webhook of qbwc.toml: whom to tell of what is published into the default tables."""

from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

_KIND: Final = "env:"


class WebhookSetting(BaseModel):
    """Whom to tell.

    Attributes:
        url: Where; http or https.
        secret: "env:NAME", the environment variable that holds the secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: SecretStr
    secret: str = Field(pattern=r"^env:[A-Za-z_][A-Za-z0-9_]{0,199}$")

    @property
    def variable(self) -> str:
        """The name of the environment variable."""
        return self.secret.removeprefix(_KIND)

    @field_validator("url")
    @classmethod
    def _address(cls, value: SecretStr) -> SecretStr:
        if not _is_address(value.get_secret_value()):
            raise PydanticCustomError("bad", "form")
        return value


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return usable and "@" not in parts.netloc and url.isprintable() and " " not in url
