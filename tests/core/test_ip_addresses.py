"""Whom the header is believed, and how far."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ip_addresses import client_ip, network_of
from tests.support.examples import examples

PROXIES = [ipaddress.ip_network(network) for network in ("10.0.0.0/8", "fd00::/8")]
PROXY = "10.0.0.1"
CLIENT = "203.0.113.7"


def test_whoever_asks_directly_is_the_client() -> None:
    assert client_ip(CLIENT, None, PROXIES) == CLIENT


def test_an_anonymous_client_cannot_pass_for_somebody_else() -> None:
    assert client_ip(CLIENT, "198.51.100.1", PROXIES) == CLIENT


def test_nobody_is_believed_unless_trusted() -> None:
    assert client_ip(PROXY, CLIENT, []) == PROXY


@pytest.mark.parametrize(
    "header",
    [
        CLIENT,
        f"  {CLIENT}\t",
        f"198.51.100.1, {CLIENT}",
        f"198.51.100.1,{CLIENT},10.1.1.1 , fd00::1",
        f"garbage, {CLIENT}",
        f"10.9.9.9, {CLIENT}, 10.0.0.2",
        f"::ffff:{CLIENT}",
        f"{CLIENT}, ::ffff:10.0.0.2",
    ],
)
def test_the_last_anonymous_on_the_way_is_the_client(header: str) -> None:
    assert client_ip(PROXY, header, PROXIES) == CLIENT


FORMS = {
    "203.0.113.7": "203.0.113.7",
    "203.0.113.7:5678": "203.0.113.7",
    "203.0.113.7:0": "203.0.113.7",
    "203.0.113.7:_port": "203.0.113.7",
    "[203.0.113.7]:80": "203.0.113.7",
    '"203.0.113.7"': "203.0.113.7",
    '"203.0.113.7:5678"': "203.0.113.7",
    "2001:db8::1": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    "[2001:DB8:0:0::1]:443": "2001:db8::1",
    '"[2001:db8::1]:443"': "2001:db8::1",
    '"[2001:db8::1]"': "2001:db8::1",
    '"[2001:db8::1]:_gazonk"': "2001:db8::1",
    '"2001:db8::1"': "2001:db8::1",
    "[fe80::1%eth0]:80": "fe80::1",
    "[::ffff:203.0.113.7]:80": "203.0.113.7",
}


@pytest.mark.parametrize(("said", "address"), FORMS.items())
@pytest.mark.parametrize("before", ["", "198.51.100.1, ", '"198.51.100.1, ', 'unknown,"[::1]:1",,', "a" * 30_000 + ","])
@pytest.mark.parametrize("after", ["", ", 10.0.0.2", ',"[fd00::2]:80" , 10.0.0.3:1234'])
def test_an_address_may_be_said_in_many_ways(said: str, address: str, before: str, after: str) -> None:
    assert client_ip(PROXY, before + said + after, PROXIES) == address


@pytest.mark.parametrize(("said", "address"), FORMS.items())
@pytest.mark.parametrize(
    "element",
    [
        "for={}",
        "For = {} ;proto=https;by=10.0.0.1",
        "proto=http; FOR={}",
        'host="a,b;c";for={}',
        'by="[fd00::1]:80";for={}',
    ],
)
@pytest.mark.parametrize(
    "before", ["", "for=198.51.100.1, ", 'for="198.51.100.1, ', 'for="\\", ', "for=_hidden,", ",;=,", "198.51.100.1,"]
)
def test_so_may_it_in_the_standard_header(said: str, address: str, element: str, before: str) -> None:
    after = ', for="10.0.0.2:80";by=_me'

    assert client_ip(PROXY, before + element.format(said) + after, PROXIES, by_parameter=True) == address


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        ",",
        "for",
        "for=",
        'for=""',
        "for=unknown",
        'for="_hidden"',
        "for=_SEVKISEK:80",
        "by=203.0.113.7",
        "203.0.113.7",
        "for=203.0.113.7;for=203.0.113.8",
        "for=203.0.113.7 for=203.0.113.8",
        "x-for=203.0.113.7",
        'for="203.0.113.7',
        "for==203.0.113.7",
        '"for=203.0.113.7"',
        "for:203.0.113.7",
    ],
)
def test_what_the_standard_header_does_not_say_is_not_guessed(garbage: str) -> None:
    for header in (garbage, f"for=198.51.100.1, {garbage}" if garbage.strip(",") else ""):
        assert client_ip(PROXY, header, PROXIES, by_parameter=True) == PROXY


def test_a_proxy_may_be_reached_over_ipv6() -> None:
    assert client_ip("fd00::1", "2001:DB8:0::1", PROXIES) == "2001:db8::1"


def test_a_proxy_may_listen_on_both_protocols() -> None:
    assert client_ip("::ffff:10.0.0.1", CLIENT, PROXIES) == CLIENT


def test_when_all_are_proxies_the_furthest_is_the_client() -> None:
    assert client_ip(PROXY, "10.0.0.3, 10.0.0.2", PROXIES) == "10.0.0.3"


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        " ",
        "unknown",
        "_hidden",
        "1.2.3.4:",
        "1.2.3.4:port",
        "1.2.3.4:123456",
        "1.2.3.4:80:80",
        "[]",
        "[]:80",
        "[::1",
        "::1]",
        "[::1]80",
        "[::1]:",
        "[[::1]]",
        "[::g]:80",
        '"',
        '"1.2.3.4',
        '1.2.3.4"',
        '""1.2.3.4""',
        "for=1.2.3.4",
        "1.2.3.4;5.6.7.8",
        "1.2.3.4 5.6.7.8",
        "http://1.2.3.4",
        "1.2.3",
        "1.2.3.256",
        "010.1.1.1",
        "10.0.0.0/8",
        "\u0661.2.3.4",
        "%",
        "\x00",
        "1" * 60_000,
        ":" * 60_000,
    ],
    ids=lambda garbage: repr(garbage[:12]),
)
def test_garbage_ends_the_way_at_the_last_known_address(garbage: str) -> None:
    assert client_ip(PROXY, f"{CLIENT}, {garbage}, 10.0.0.2", PROXIES) == "10.0.0.2"
    assert client_ip(PROXY, garbage, PROXIES) == PROXY


def test_an_endless_way_is_not_followed() -> None:
    header = ", ".join([CLIENT, *["10.0.0.2"] * 10_000])

    assert client_ip(PROXY, header, PROXIES) == "10.0.0.2"


@pytest.mark.parametrize("peer", [None, "", "testclient"])
def test_a_peer_without_an_address_is_unknown(peer: str | None) -> None:
    assert client_ip(peer, CLIENT, PROXIES) == "unknown"


def test_a_zone_is_no_part_of_an_address() -> None:
    assert client_ip("fe80::1%eth0", None, PROXIES) == "fe80::1"


@examples(100)
@given(st.text(), st.text())
def test_whatever_comes_in_an_address_comes_out(peer: str, header: str) -> None:
    for address in (client_ip(peer, header, PROXIES), client_ip(PROXY, header, PROXIES)):
        assert address == "unknown" or str(ipaddress.ip_address(address)) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        (CLIENT, CLIENT),
        (f"::ffff:{CLIENT}", CLIENT),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_clients_are_counted_by_what_they_have(address: str, network: str) -> None:
    assert network_of(address) == network
