from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from qbwc_server.web.throttle import Throttle, place_of

HERE, THERE = "192.0.2.1", "192.0.2.2"
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


@dataclass
class Door:
    """A throttle with a clock of its own, and the sessions that a database would know."""

    at: float = 1_000.0
    homes: dict[str, list[str]] = field(default_factory=dict)
    asked: int = 0

    def __post_init__(self) -> None:
        self.throttle = Throttle(lambda: self.at)

    def knock(self, address: str, name: str) -> float:
        """Ask to be let in."""

        def homes() -> Iterable[str]:
            self.asked += 1
            return self.homes.get(name, [])

        return self.throttle.admit(address, name, homes)

    def fail(self, address: str, name: str) -> bool:
        """Give a wrong password."""
        return self.throttle.failed(address, name)

    def guess(self, address: str, name: str) -> bool:
        """Give a wrong password if let in, and tell whether that was so."""
        let_in = self.knock(address, name) == 0
        if let_in:
            self.fail(address, name)
        return let_in

    def kept(self) -> list[int]:
        """How much is remembered."""
        counts = (self.throttle._pairs, self.throttle._addresses, self.throttle._names, self.throttle._turns)
        return [*(len(count.tries) for count in counts), len(self.throttle._home)]


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def watched(door: Door) -> Door:
    """Strangers have tried marie's name too often."""
    _strangers(door, "marie", 20)
    return door


def _strangers(door: Door, name: str, tries: int) -> None:
    for number in range(tries):
        door.fail(f"198.51.{number // 250}.{number % 250}", name)


def test_ten_wrong_tries_stop_an_address_for_a_name_and_nobody_else(door: Door) -> None:
    assert [door.guess(HERE, "marie") for _ in range(11)] == [True] * 10 + [False]
    assert door.knock(HERE, "marie") == 5 * MINUTE
    assert door.knock(THERE, "marie") == 0
    assert door.knock(HERE, "omar") == 0


def test_the_wait_ends_five_minutes_after_the_oldest_try_that_counts(door: Door) -> None:
    began = door.at
    for _ in range(10):
        door.fail(HERE, "marie")
        door.at += 1
    door.at = began + MINUTE
    assert door.knock(HERE, "marie") == 4 * MINUTE
    door.at = began + 5 * MINUTE
    assert door.knock(HERE, "marie") == 0


def test_a_right_password_forgets_the_wrong_ones(door: Door) -> None:
    for _ in range(9):
        door.fail(HERE, "marie")
    door.throttle.passed(HERE, "marie")
    for _ in range(9):
        door.fail(HERE, "marie")
    assert door.knock(HERE, "marie") == 0


def test_thirty_wrong_tries_stop_an_address_for_every_name(door: Door) -> None:
    assert [door.guess(HERE, f"name {number}") for number in range(31)] == [True] * 30 + [False]
    assert door.knock(HERE, "somebody") == 5 * MINUTE
    assert door.knock(THERE, "somebody") == 0
    door.at += 5 * MINUTE
    assert door.knock(HERE, "somebody") == 0


def test_strangers_try_a_name_that_was_tried_often_one_at_a_time_some_seconds_apart(door: Door) -> None:
    _strangers(door, "marie", 19)
    assert door.guess(HERE, "marie")
    assert door.guess("203.0.113.1", "marie")
    assert door.knock("203.0.113.2", "marie") == 3
    door.at += 3
    assert door.guess("203.0.113.2", "marie")
    assert door.knock("203.0.113.3", "omar") == 0


def test_of_tries_at_the_same_moment_one_has_the_turn_before_any_password_is_weighed(watched: Door) -> None:
    assert [watched.knock(f"203.0.113.{number}", "marie") for number in range(4)] == [0, 3, 3, 3]


def test_an_address_has_one_turn_a_minute_at_such_a_name(watched: Door) -> None:
    assert watched.guess(HERE, "marie")
    watched.at += 10
    assert watched.knock(HERE, "marie") == 50
    watched.at += 50
    assert watched.knock(HERE, "marie") == 0


def test_a_refused_try_takes_no_turn_and_makes_no_wait_longer(watched: Door) -> None:
    watched.guess("203.0.113.1", "marie")
    for _ in range(3):
        assert watched.knock(HERE, "marie") > 0
        watched.at += 1
    assert watched.knock(HERE, "marie") == 0


@pytest.mark.parametrize("pollers", [1, 10])
def test_whoever_tries_every_second_leaves_room_for_a_stranger_with_the_right_password(
    watched: Door, pollers: int
) -> None:
    waited = []
    for start in range(0, 600, 97):
        _poll(watched, pollers, start)
        since = watched.at
        while (wait := watched.knock(HERE, "marie")) > 0:
            watched.at += wait
            _poll(watched, pollers, 1)
        waited.append(watched.at - since)
        watched.at += 5
    assert max(waited) <= MINUTE


def _poll(door: Door, pollers: int, seconds: int) -> None:
    """Let each of the pollers try once a second."""
    for _ in range(seconds):
        for number in range(pollers):
            door.guess(f"203.0.113.{number}", "marie")
        door.at += 1


@pytest.mark.parametrize(("addresses", "most"), [(1, 1_460), (1_000, 28_900)])
def test_a_guesser_gets_as_many_tries_a_day_as_the_theory_says(door: Door, addresses: int, most: int) -> None:
    end, guessed, each = door.at + DAY, 0, 0
    while door.at < end:
        # Whoever has waited longest tries first, which is the best the guesser can do.
        while door.guess(f"198.51.{each % addresses // 250}.{each % addresses % 250}", "marie"):
            guessed, each = guessed + 1, each + 1
        door.at += 3
    assert 0.95 * most < guessed <= most


def test_strangers_do_not_lock_out_a_name_where_it_has_signed_in(door: Door) -> None:
    door.throttle.passed(HERE, "marie")
    _strangers(door, "marie", 500)
    assert door.guess(THERE, "marie")
    assert [door.guess(HERE, "marie") for _ in range(11)] == [True] * 10 + [False]
    assert door.asked == 1


def test_strangers_do_not_lock_out_a_name_where_the_database_knows_a_session_of_it(watched: Door) -> None:
    watched.homes["marie"] = [THERE, HERE]
    assert [watched.guess(HERE, "marie") for _ in range(11)] == [True] * 10 + [False]
    assert watched.knock(HERE, "omar") == 0
    # Nor does who is at home take a turn of the strangers'.
    assert watched.guess("203.0.113.1", "marie")
    assert watched.knock("203.0.113.2", "marie") == 3


def test_the_database_is_not_asked_while_nobody_would_have_to_wait(door: Door) -> None:
    for _ in range(12):
        door.guess(HERE, "marie")
    for number in range(9):
        door.guess("203.0.113.1", f"name {number}")
    assert door.asked == 0


def test_a_session_at_an_address_that_guessed_at_all_names_lets_its_owner_in(door: Door) -> None:
    door.homes["marie"] = [HERE]
    for number in range(30):
        door.guess(HERE, f"name {number}")
    assert door.knock(HERE, "marie") == 0
    assert door.knock(HERE, "omar") == 5 * MINUTE


def test_a_neighbour_who_guesses_does_not_lock_out_who_has_signed_in_from_the_same_address(door: Door) -> None:
    door.throttle.passed(HERE, "marie")
    for number in range(30):
        door.guess(HERE, f"name {number}")
    assert door.knock(HERE, "marie") == 0
    assert door.knock(HERE, "omar") == 5 * MINUTE


def test_tries_at_a_name_are_forgotten_after_an_hour(watched: Door) -> None:
    watched.guess(HERE, "marie")
    watched.at += HOUR - 1
    assert watched.guess("203.0.113.1", "marie")
    assert watched.knock("203.0.113.2", "marie") > 0
    watched.at += 1
    assert [watched.guess(f"203.0.113.{number}", "marie") for number in range(2, 12)] == [True] * 10


def test_a_wait_is_told_when_it_begins_and_not_again_while_it_lasts(door: Door) -> None:
    told = [door.fail(HERE, "marie") for _ in range(12)]
    assert told == [False] * 9 + [True, False, False]
    of_name = []
    for number in range(25):
        of_name.append(door.fail(f"203.0.113.{number}", "omar"))
        door.at += 10
    assert of_name == [False] * 19 + [True] + [False] * 5


def test_a_name_in_capitals_is_counted_as_the_same(door: Door) -> None:
    for _ in range(10):
        door.fail(HERE, "MARIE")
    assert door.knock(HERE, "marie") > 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("?", "?"),
    ],
)
def test_an_ipv6_address_counts_by_what_one_customer_has(address: str, place: str) -> None:
    assert place_of(address) == place


def test_a_guesser_with_many_ipv6_addresses_of_his_own_is_one(door: Door) -> None:
    assert [door.guess(f"2001:db8::{number:x}", "marie") for number in range(11)] == [True] * 10 + [False]
    door.homes["omar"] = ["2001:db8:1::1"]
    _strangers(door, "omar", 21)
    assert [door.knock(address, "omar") for address in ("203.0.113.1", "2001:db8:1::2")] == [0, 0]
    assert door.knock("2001:db8:2::2", "omar") == 3


@pytest.mark.parametrize("many", ["addresses", "names", "both"])
def test_what_is_remembered_stays_small(door: Door, many: str) -> None:
    for number in range(12_000):
        address = HERE if many == "names" else str(number)
        name = "marie" if many == "addresses" else str(number)
        door.fail(address, name)
        door.throttle.passed(f"{address} ", name)
        door.knock(f"{address}  ", name)
    assert max(door.kept()) <= 10_000
    counts = (door.throttle._addresses, door.throttle._names, door.throttle._turns)
    assert max(len(tries) for count in counts for tries in count.tries.values()) <= 30
    door.fail(HERE, "x" * 250_000)
    assert {len(digest) for _, digest in door.throttle._names.tries} == {16}


def test_a_flood_of_other_names_pushes_out_the_oldest_and_no_wait_of_late(door: Door) -> None:
    for number in range(9_000):
        door.fail(str(number), str(number))
    for _ in range(10):
        door.fail(HERE, "marie")
    for number in range(9_000, 18_000):
        door.fail(str(number), str(number))
    assert door.knock(HERE, "marie") > 0


def test_what_is_too_old_to_count_is_not_kept(door: Door) -> None:
    for number in range(100):
        door.fail(HERE, str(number))
    door.at += HOUR
    door.fail(THERE, "marie")
    assert door.kept() == [1, 1, 1, 0, 0]
