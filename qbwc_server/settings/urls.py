"""Checks the two kinds of address among the settings: the public one, and those of databases.

What is wrong is raised as a PydanticCustomError whose type is the key of a sentence under `settings` in the catalogue.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from pydantic_core import PydanticCustomError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

OUR_DATABASES: Final = ("sqlite", "postgresql")
WEBSITE_DATABASES: Final = ("sqlite", "postgresql", "mysql", "mariadb")
_LOCAL: Final = "localhost"
# A database that every connection would have for itself, and that would be gone with it.
_IN_MEMORY: Final = ":memory:"
_HOST: Final = re.compile(r"\w[\w-]*(\.\w[\w-]*)*\.?")


class _Driver(NamedTuple):
    name: str  # as SQLAlchemy names it
    module: str
    extra: str  # the extra of this distribution that brings it


_DRIVERS: Final[Mapping[str, _Driver]] = MappingProxyType(
    {
        "sqlite": _Driver("sqlite", "sqlite3", ""),
        "postgresql": _Driver("postgresql+psycopg", "psycopg", "postgresql"),
        "mysql": _Driver("mysql+pymysql", "pymysql", "mysql"),
        "mariadb": _Driver("mariadb+pymysql", "pymysql", "mysql"),
    }
)
# Other ways to write what a driver above serves; hosting companies hand out the first one.
_ALIASES: Final[Mapping[str, str]] = MappingProxyType({"postgres": "postgresql", "sqlite+pysqlite": "sqlite"})


def database_url(url: str, allowed: Sequence[str], data_dir: Path | None = None) -> str:
    """Returns the address of a database as SQLAlchemy takes it, with the driver this program uses.

    Args:
        url: For example "postgresql://user:password@host/name".
        allowed: The databases that may be used, by their names in a URL.
        data_dir: What stands for "{data_dir}".

    Raises:
        PydanticCustomError: Not an address, of another database or driver, or the driver is not installed.
    """
    if not url.strip():
        raise PydanticCustomError("database_form", "empty")
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError):
        raise PydanticCustomError("database_form", "form") from None
    scheme = _ALIASES.get(parsed.drivername, parsed.drivername)
    name = next((name for name in allowed if scheme in {name, _DRIVERS[name].name}), None)
    if name is None:
        context = {"scheme": parsed.drivername, "allowed": ", ".join(allowed)}
        raise PydanticCustomError("database_scheme", "scheme", context)
    if not parsed.database or parsed.database == _IN_MEMORY:
        raise PydanticCustomError("database_name", "name")
    driver = _DRIVERS[name]
    if find_spec(driver.module) is None:
        raise PydanticCustomError("driver_missing", "driver", {"database": name, "extra": driver.extra})
    if data_dir is not None:
        parsed = _in_folder(parsed, data_dir)
    return parsed.set(drivername=driver.name).render_as_string(hide_password=False)


def _in_folder(parsed: URL, data_dir: Path) -> URL:
    # Only once the address is taken apart: the folder's name may hold what means something in an address.
    def fill(text: str) -> str:
        return text.replace("{data_dir}", data_dir.as_posix())

    query = {
        name: fill(value) if isinstance(value, str) else tuple(map(fill, value)) for name, value in parsed.query.items()
    }
    return parsed.set(database=fill(parsed.database or ""), query=query)


def shown_url(url: str) -> str:
    """Returns the address of a database as it may be shown: the password is three stars."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "***"


def public_url(url: str) -> str:
    """Returns the public address in its plain form: small letters in the host, no slash at the end.

    Raises:
        PydanticCustomError: The Web Connector would not accept it.

    Source: QBWC guide, appendix A (QBWC1001, QBWC1010).
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise PydanticCustomError("public_url_form", "form") from None
    if not _whole(parts, host) or not (_is_number(host) or _is_name(host)):
        raise PydanticCustomError("public_url_form", "form")
    if _is_number(host):
        raise PydanticCustomError("public_url_loopback" if _is_loopback(host) else "public_url_ip", "ip")
    if parts.scheme == "http" and host != _LOCAL:
        raise PydanticCustomError("public_url_http", "http")
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"


def _whole(parts: SplitResult, host: str) -> bool:
    plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    path_good = re.fullmatch(r"[\w/.~%-]*", parts.path, re.ASCII) is not None and "//" not in parts.path
    return parts.scheme in {"http", "https"} and bool(host) and not re.search(r"\s", host) and plain and path_good


def _is_name(host: str) -> bool:
    try:
        # As it goes over the wire; a name with umlauts grows by that.
        host.encode("idna")
    except UnicodeError:
        return False
    return _HOST.fullmatch(host) is not None


def _is_number(host: str) -> bool:
    # A name's last part is never a number, so this finds every way of writing an IPv4 address, 0x7f000001 included.
    return ":" in host or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rstrip(".").rpartition(".")[2]) is not None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
