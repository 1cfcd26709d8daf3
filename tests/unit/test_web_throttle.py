from datetime import UTC, datetime, timedelta

from qbwc_server.web.signin import Throttle

NOW = datetime(2026, 11, 24, tzinfo=UTC)
KEY = Throttle.key("192.0.2.1", "marie")


def test_ten_wrong_tries_stop_an_address_for_a_name_and_nobody_else() -> None:
    throttle = Throttle()
    for _ in range(10):
        assert not throttle.too_many(KEY, NOW)
        throttle.failed(KEY, NOW)
    assert throttle.too_many(KEY, NOW)
    assert not throttle.too_many(Throttle.key("192.0.2.2", "marie"), NOW)
    assert not throttle.too_many(Throttle.key("192.0.2.1", "omar"), NOW)


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
        throttle.failed(Throttle.key("192.0.2.1", str(number)), NOW)
    assert len(throttle._failed) <= 10_000


def test_what_is_remembered_is_as_short_for_a_long_name_and_the_same_in_capitals() -> None:
    assert Throttle.key("192.0.2.1", "MARIE") == KEY
    assert len(Throttle.key("192.0.2.1", "x" * 250_000)[1]) == len(KEY[1])


def test_a_flood_of_other_names_pushes_out_the_oldest_and_no_lock_of_late() -> None:
    throttle = Throttle()
    for number in range(9_000):
        throttle.failed(Throttle.key("192.0.2.1", str(number)), NOW)
    for _ in range(10):
        throttle.failed(KEY, NOW)
    for number in range(9_000, 18_000):
        throttle.failed(Throttle.key("192.0.2.1", str(number)), NOW)
    assert throttle.too_many(KEY, NOW)


def test_what_is_too_old_to_count_is_not_kept() -> None:
    throttle = Throttle()
    for number in range(100):
        throttle.failed(Throttle.key("192.0.2.1", str(number)), NOW)
    throttle.failed(KEY, NOW + timedelta(minutes=5))
    assert list(throttle._failed) == [KEY]


def test_more_tries_at_once_than_count_are_not_kept() -> None:
    throttle = Throttle()
    for _ in range(1_000):
        throttle.failed(KEY, NOW)
    assert len(throttle._failed[KEY]) == 10
