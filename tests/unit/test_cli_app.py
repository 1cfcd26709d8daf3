"""The rules about paths and forwarded headers, before any door is reached."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

from qbwc_server.app import _below, _dispatch, _trusting

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class _Door:
    """Remembers the environment it was called with."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        del start_response
        self.seen = dict(environ)
        return ()


def _call(application: "WSGIApplication", **environ: str) -> None:
    application(environ, lambda *_: lambda _: None)


def _forwarded(proxies: tuple[str, ...], address: str, **headers: str) -> dict[str, Any]:
    door = _Door()
    given = {"REMOTE_ADDR": address, "wsgi.url_scheme": "http", "PATH_INFO": "/"}
    _call(_trusting(proxies, door), **given, **headers)
    return door.seen


def test_nobody_is_believed_without_a_trusted_proxy() -> None:
    seen = _forwarded((), "127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9", HTTP_X_FORWARDED_PROTO="https")
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("127.0.0.1", "http")
    assert not [name for name in seen if "FORWARDED" in name]


def test_a_trusted_proxy_tells_the_caller_and_the_scheme() -> None:
    seen = _forwarded(("127.0.0.1",), "127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9", HTTP_X_FORWARDED_PROTO="https")
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("203.0.113.9", "https")
    assert not [name for name in seen if "FORWARDED" in name]


def test_what_the_caller_wrote_itself_is_not_believed() -> None:
    seen = _forwarded(("10.0.0.0/8",), "10.0.0.1", HTTP_X_FORWARDED_FOR="127.0.0.1, 203.0.113.9, 10.0.0.2")
    assert seen["REMOTE_ADDR"] == "203.0.113.9"


@pytest.mark.parametrize("value", ["", ",", "unknown", "_hidden", "<script>"])
def test_a_forwarded_address_that_is_none_changes_nothing(value: str) -> None:
    assert _forwarded(("::1",), "::1", HTTP_X_FORWARDED_FOR=value)["REMOTE_ADDR"] == "::1"


def test_a_scheme_of_another_kind_changes_nothing() -> None:
    assert _forwarded(("::1",), "::1", HTTP_X_FORWARDED_PROTO="javascript")["wsgi.url_scheme"] == "http"


@pytest.mark.parametrize(
    ("asked", "path"),
    [("/books/customers", "/customers"), ("/books", "/"), ("/customers", "/customers"), ("/bookshop", "/bookshop")],
)
def test_a_path_prefix_is_honoured_whether_or_not_the_proxy_takes_it_away(asked: str, path: str) -> None:
    door = _Door()
    _call(_below("/books", door), PATH_INFO=asked)
    assert (door.seen["SCRIPT_NAME"], door.seen["PATH_INFO"]) == ("/books", path)


@pytest.mark.parametrize(
    ("path", "at"),
    [("/qbwc", 0), ("/api/v1/refreshes", 1), ("/api/", 1), ("/", 2), ("/qbwc/", 2), ("/apiary", 2), ("/customers", 2)],
)
def test_each_path_has_its_door(path: str, at: int) -> None:
    doors = (_Door(), _Door(), _Door())
    _call(_dispatch(*doors), PATH_INFO=path)
    assert [bool(door.seen) for door in doors] == [number == at for number in range(3)]
