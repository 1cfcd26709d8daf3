from datetime import UTC, datetime, timedelta

import pytest

from qbwc_server.web.throttle import Throttle

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HERE = "192.0.2.1"
NOTHING = timedelta(0)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def _kept(throttle: Throttle) -> list[int]:
    counts = (throttle._pairs, throttle._addresses, throttle._names)
    return [*(len(count.tries) for count in counts), len(throttle._known)]


def _strangers(throttle: Throttle, name: str, tries: int, at: datetime = NOW) -> None:
    for number in range(tries):
        throttle.failed(f"198.51.{number // 250}.{number % 250}", name, at)


def test_ten_wrong_tries_stop_an_address_for_a_name_and_nobody_else() -> None:
    throttle = Throttle()
    for _ in range(10):
        assert throttle.wait(HERE, "marie", NOW) == NOTHING
        throttle.failed(HERE, "marie", NOW)
    assert throttle.wait(HERE, "marie", NOW) == 5 * MINUTE
    assert throttle.wait("192.0.2.2", "marie", NOW) == NOTHING
    assert throttle.wait(HERE, "omar", NOW) == NOTHING


def test_the_wait_ends_five_minutes_after_the_oldest_try_that_counts() -> None:
    throttle = Throttle()
    for number in range(10):
        throttle.failed(HERE, "marie", NOW + number * SECOND)
    assert throttle.wait(HERE, "marie", NOW + MINUTE) == 4 * MINUTE
    assert throttle.wait(HERE, "marie", NOW + 5 * MINUTE) == NOTHING


def test_a_right_password_forgets_the_wrong_ones() -> None:
    throttle = Throttle()
    for _ in range(9):
        throttle.failed(HERE, "marie", NOW)
    throttle.passed(HERE, "marie")
    for _ in range(9):
        throttle.failed(HERE, "marie", NOW)
    assert throttle.wait(HERE, "marie", NOW) == NOTHING


def test_thirty_wrong_tries_stop_an_address_for_every_name() -> None:
    throttle = Throttle()
    for number in range(30):
        assert throttle.wait(HERE, "somebody", NOW) == NOTHING
        throttle.failed(HERE, f"name {number}", NOW)
    assert throttle.wait(HERE, "somebody", NOW) == 5 * MINUTE
    assert throttle.wait("192.0.2.2", "somebody", NOW) == NOTHING
    assert throttle.wait(HERE, "somebody", NOW + 5 * MINUTE) == NOTHING


def test_a_name_that_many_addresses_try_is_slowed_by_a_delay_that_doubles_up_to_five_minutes() -> None:
    throttle = Throttle()
    _strangers(throttle, "marie", 19)
    assert throttle.wait(HERE, "marie", NOW) == NOTHING
    at, waits = NOW, []
    for number in range(12):
        throttle.failed(f"203.0.113.{number}", "marie", at)
        waits.append(throttle.wait(HERE, "marie", at) // SECOND)
        at += throttle.wait(HERE, "marie", at)
        assert throttle.wait(HERE, "marie", at) == NOTHING
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert throttle.wait(HERE, "omar", at) == NOTHING


def test_strangers_do_not_lock_out_a_name_where_it_has_signed_in() -> None:
    throttle = Throttle()
    throttle.passed(HERE, "marie")
    _strangers(throttle, "marie", 500)
    assert throttle.wait(HERE, "marie", NOW) == NOTHING
    assert throttle.wait("192.0.2.2", "marie", NOW) == 5 * MINUTE


def test_a_neighbour_who_guesses_does_not_lock_out_who_has_signed_in_from_the_same_address() -> None:
    throttle = Throttle()
    throttle.passed(HERE, "marie")
    for number in range(30):
        throttle.failed(HERE, f"name {number}", NOW)
    assert throttle.wait(HERE, "marie", NOW) == NOTHING
    assert throttle.wait(HERE, "omar", NOW) == 5 * MINUTE


def test_who_is_known_at_an_address_has_ten_tries_there_too() -> None:
    throttle = Throttle()
    throttle.passed(HERE, "marie")
    for _ in range(10):
        throttle.failed(HERE, "marie", NOW)
    assert throttle.wait(HERE, "marie", NOW) == 5 * MINUTE


def test_tries_at_a_name_are_forgotten_after_an_hour() -> None:
    throttle = Throttle()
    _strangers(throttle, "marie", 40)
    assert throttle.wait(HERE, "marie", NOW + timedelta(minutes=59)) == NOTHING
    throttle.failed("203.0.113.1", "marie", NOW + timedelta(minutes=60))
    assert throttle.wait(HERE, "marie", NOW + timedelta(minutes=60)) == NOTHING


def test_a_wait_is_told_when_it_begins_and_not_again_while_it_lasts() -> None:
    throttle = Throttle()
    told = [throttle.failed(HERE, "marie", NOW) for _ in range(12)]
    assert told == [False] * 9 + [True, False, False]
    of_name = [throttle.failed(f"203.0.113.{number}", "omar", NOW + 10 * number * MINUTE / 60) for number in range(25)]
    assert of_name.count(True) == 1


def test_a_name_in_capitals_is_counted_as_the_same() -> None:
    throttle = Throttle()
    for _ in range(10):
        throttle.failed(HERE, "MARIE", NOW)
    assert throttle.wait(HERE, "marie", NOW) > NOTHING


@pytest.mark.parametrize("many", ["addresses", "names", "both"])
def test_what_is_remembered_stays_small(many: str) -> None:
    throttle = Throttle()
    for number in range(12_000):
        address = HERE if many == "names" else str(number)
        name = "marie" if many == "addresses" else str(number)
        throttle.failed(address, name, NOW)
        throttle.passed(f"{address} ", name)
    assert max(_kept(throttle)) <= 10_000
    longest = [len(tries) for count in (throttle._addresses, throttle._names) for tries in count.tries.values()]
    assert max(longest) <= 30
    throttle.failed(HERE, "x" * 250_000, NOW)
    assert {len(digest) for _, digest in throttle._names.tries} == {16}


def test_a_flood_of_other_names_pushes_out_the_oldest_and_no_wait_of_late() -> None:
    throttle = Throttle()
    for number in range(9_000):
        throttle.failed(str(number), str(number), NOW)
    for _ in range(10):
        throttle.failed(HERE, "marie", NOW)
    for number in range(9_000, 18_000):
        throttle.failed(str(number), str(number), NOW)
    assert throttle.wait(HERE, "marie", NOW) > NOTHING


def test_what_is_too_old_to_count_is_not_kept() -> None:
    throttle = Throttle()
    for number in range(100):
        throttle.failed(HERE, str(number), NOW)
    throttle.failed("192.0.2.2", "marie", NOW + timedelta(hours=1))
    assert _kept(throttle) == [1, 1, 1, 0]
