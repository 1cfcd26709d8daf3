"""How what could not be read is counted and said."""

import pytest

from qbwc_server import codes
from qbwc_server.conversation.unread import Unread
from qbwc_server.qbxml.record import Observation


def _unread(*records: tuple[str, ...], skipped: int = 0) -> Unread:
    made = Unread(skipped)
    for number, names in enumerate(records):
        made.note(Observation("item", f"8000-{number}", "ItemServiceRet", {}, frozenset(), (), names))
    return made


def test_an_answer_that_was_read_whole_is_no_error() -> None:
    assert _unread((), ()).error() is None
    assert _unread(("Price",), ()).error_of("8000-1") is None


def test_a_record_tells_its_own_fields_alone() -> None:
    error = _unread(("Price",), ("Cost", "Price"), skipped=1).error_of("8000-1")
    assert error == {
        "code": "bad_record",
        "values": {"reason": "values", "skipped": "0", "count": "1", "fields": "Cost, Price"},
    }


def test_pages_add_up_and_a_field_is_named_once() -> None:
    first = _unread(("Price",), ("Price",)).error()
    second = _unread(("Cost", "Price"), skipped=2).error(first)
    assert second == {
        "code": "bad_record",
        "values": {"reason": "both", "skipped": "2", "count": "3", "fields": "Price, Cost"},
    }
    assert _unread().error(second) == second


def test_at_most_five_fields_are_named() -> None:
    error = _unread(tuple("ABCDEF")).error()
    for _ in range(2):
        assert error is not None
        assert error["values"] == {**error["values"], "fields": "A, B, C, D, E, …"}  # type: ignore[dict-item]
        error = _unread().error(error)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("unread", "told"),
    [
        (_unread(("Price",)), ("1", "Price")),
        (_unread(skipped=7), ("7",)),
        (_unread(("Price",), ("Cost",), skipped=7), ("7", "2", "Price, Cost")),
    ],
)
def test_the_sentence_gives_counts_and_fields(language: str, unread: Unread, told: tuple[str, ...]) -> None:
    error = unread.error()
    assert error is not None
    values = error["values"]
    assert isinstance(values, dict)
    message = codes.explain(language, "bad_record", **values).message
    assert all(part in message for part in told)
    assert "None" not in message
    assert "{" not in message
