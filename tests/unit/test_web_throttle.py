from datetime import UTC, datetime, timedelta

from qbwc_server.web.signin import Throttle

NOW = datetime(2026, 11, 24, tzinfo=UTC)
KEY = ("192.0.2.1", "marie")


def test_ten_wrong_tries_stop_an_address_for_a_name_and_nobody_else() -> None:
    throttle = Throttle()
    for _ in range(10):
        assert not throttle.too_many(KEY, NOW)
        throttle.failed(KEY, NOW)
    assert throttle.too_many(KEY, NOW)
    assert not throttle.too_many(("192.0.2.2", "marie"), NOW)
    assert not throttle.too_many(("192.0.2.1", "omar"), NOW)


def test_tries_are_forgotten_after_five_minutes_or_a_right_one() -> None:
    throttle = Throttle()
    for _ in range(10):
        throttle.failed(KEY, NOW)
    assert not throttle.too_many(KEY, NOW + timedelta(minutes=5))
    throttle.passed(KEY)
    assert not throttle.too_many(KEY, NOW)


def test_what_is_remembered_stays_small() -> None:
    throttle = Throttle()
    for number in range(25_000):
        throttle.failed(("192.0.2.1", str(number)), NOW)
    assert len(throttle._failed) <= 10_000
