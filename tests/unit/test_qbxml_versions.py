import pytest

from qbwc_server.qbxml.versions import VERSIONS, choose, has, lower, version_key


@pytest.mark.parametrize(
    ("supported", "cap", "expected"),
    [
        (("1.0", "9.0", "13.0", "12.0"), None, "13.0"),
        (("9.0", "10.0", "2.0"), None, "10.0"),
        (("13.0", "14.0", "15.0", "16.0"), None, "13.0"),
        (("12.0", "13.0"), "12.0", "12.0"),
        (("13.0", "CA3.0", "UK2.0"), None, "13.0"),
        (("8.0", "CA12.0"), None, "8.0"),
        (("CA6.0", "CA7.0"), None, "CA7.0"),
        (("CA2.0", "CA3.0"), None, "CA3.0"),
        (("2.0", "4.1", "4.0"), None, "4.1"),
        (("2.0", "4.1", "4.0"), "4.0", "4.0"),
        (("2.0", "CA3.0"), None, "2.0"),
        (("2.0", "CA6.0"), None, "CA6.0"),
        (("1.0", "1.1"), None, "5.0"),
        (("4.1", "6.0", "7.0"), "5.0", "5.0"),
        (("4.1", "14.0"), None, "5.0"),
        ((), None, "5.0"),
        (("", "abc", "9", "9.x", " 7.0 ", "٩.0"), None, "7.0"),
        (("12.5", "11.0"), None, "11.0"),
        (("13.0",), "4.0", "5.0"),
    ],
)
def test_the_highest_version_that_both_know_is_chosen(
    supported: tuple[str, ...], cap: str | None, expected: str
) -> None:
    assert choose(supported, cap) == expected


def test_lowering_goes_down_to_5_and_ends() -> None:
    seen, version = [], lower("13.0")
    while version is not None:
        seen.append(version)
        version = lower(version)
    assert seen == ["12.0", "11.0", "10.0", "9.0", "8.0", "7.0", "6.0", "5.0"]


def test_lowering_below_5_goes_down_to_2_and_ends() -> None:
    seen, version = [], lower("4.1")
    while version is not None:
        seen.append(version)
        version = lower(version)
    assert seen == ["4.0", "3.0", "2.1", "2.0"]


def test_versions_compare_as_numbers() -> None:
    assert sorted(VERSIONS, key=version_key) == list(VERSIONS)
    assert has("10.0", "9.0")
    assert not has("9.0", "10.0")
    assert has("CA7.0", "7.0")


def test_what_is_no_version_says_so() -> None:
    with pytest.raises(ValueError, match=r"looks like 13\.0"):
        version_key("thirteen")
