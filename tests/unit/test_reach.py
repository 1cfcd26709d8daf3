"""Which addresses may be called on behalf of a setting."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.reach import Reach

PRIVATE = (
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",  # noqa: S104 - it is refused
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "192.0.0.8",
    "198.18.0.1",
    "203.0.113.5",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "2001:0:7f00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)
PUBLIC = ("8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not Reach().may(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert Reach().may(address)


@pytest.mark.parametrize("text", ["", "localhost", "1", "127.1", "0x7f000001", "8.8.8.8 ", "::g"])
def test_what_is_no_address_in_numbers_is_refused(text: str) -> None:
    assert not Reach.of(["0.0.0.0/0", "::/0"]).may(text)


def test_what_is_allowed_may_be_called_and_its_neighbours_may_not() -> None:
    reach = Reach.of(["10.1.0.0/16", "127.0.0.1", "fd00:1::/32"])
    assert [reach.may(each) for each in ("10.1.2.3", "127.0.0.1", "fd00:1::5", "::ffff:10.1.2.3")] == [True] * 4
    assert [reach.may(each) for each in ("10.2.0.1", "127.0.0.2", "fd00:2::5", "::ffff:10.2.0.1")] == [False] * 4


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_ipv6_writes_it(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for start in (0xFFFF << 32, 0x0064FF9B << 96):
        assert Reach().may(str(ipaddress.IPv6Address(start | number))) == Reach().may(str(address))
