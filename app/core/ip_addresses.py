"""Which IP address a request came from, and which part of it identifies a client."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

UNKNOWN = "unknown"
# More proxies than anybody puts in a row; what is further to the left was made up.
_MAX_HOPS = 20
# The smallest network that a customer is given: whoever has one address of it has all of them.
_IPV6_CLIENT_PREFIX = 64


def client_ip(peer: str | None, forwarded_for: str | None, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The client's IP address, or `unknown` if the peer has none (a Unix socket).

    `forwarded_for` is the `X-Forwarded-For` header, with multiple lines joined by commas: each proxy appends the
    address that it received the request from, so the entries are trusted from the right for as long as `trusted`
    proxies added them, and no further.
    """
    address = _parsed(peer or "")
    if address is None:
        return UNKNOWN
    for hop in reversed((forwarded_for or "").rsplit(",", _MAX_HOPS)):
        if not any(address in network for network in trusted):
            break
        further = _parsed(hop)
        if further is None:
            break
        address = further
    return str(address)


def network_of(address: str) -> str:
    """What a client is counted by: an IPv4 address itself, or the /64 network of an IPv6 address."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed), _IPV6_CLIENT_PREFIX), strict=False))
    return address if parsed is None else str(parsed)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        # A zone says through which of this machine's interfaces the address is reached, and anything when made up.
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
