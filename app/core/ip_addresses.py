"""Which IP address a request came from, and which part of it identifies a client."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import islice

UNKNOWN = "unknown"
# More proxies than anybody puts in a row; what is further to the left was made up.
_MAX_HOPS = 20
# The smallest network that a customer is given: whoever has one address of it has all of them.
_IPV6_CLIENT_PREFIX = 64
# An address in brackets, or one of IPv4 with the port behind it, which may be obfuscated (RFC 7239, 6).
_PORT = r":(?:\d{1,5}|_[\w.-]+)"
_NODE = re.compile(rf"\[([^\[\]]+)\](?:{_PORT})?|([\d.]+){_PORT}", re.ASCII)


def client_ip(
    peer: str | None,
    forwarded: str | None,
    trusted: Sequence[IPv4Network | IPv6Network],
    *,
    by_parameter: bool = False,
) -> str:
    """The client's IP address, or `unknown` if the peer has none (a Unix socket).

    `forwarded` is the `X-Forwarded-For` header or, `by_parameter`, the `Forwarded` header (RFC 7239), with multiple
    lines joined by commas: each proxy appends the address that it received the request from, so the entries are trusted
    from the right for as long as `trusted` proxies added them, and no further.
    """
    address = _parsed(peer or "")
    if address is None:
        return UNKNOWN
    hops = islice(_from_the_right(forwarded or ""), _MAX_HOPS)
    while any(address in network for network in trusted):
        hop = next(hops, "")
        further = _address_of(_for_of(hop) if by_parameter else hop)
        if further is None:
            break
        address = further
    return str(address)


def _from_the_right(header: str) -> Iterator[str]:
    """The elements of a list, the last first; commas within quotes separate nothing.

    From the right, so that what a client has begun to quote ends before what the proxies have added.
    """
    end = len(header)
    is_quoted = False
    for position in range(end - 1, -1, -1):
        if header[position] == '"':
            is_quoted = not is_quoted
        elif header[position] == "," and not is_quoted:
            yield header[position + 1 : end]
            end = position
    yield header[:end]


def _for_of(element: str) -> str:
    """The parameter `for` of an element of `Forwarded`; nothing if there is none, or more than one."""
    parameters = [parameter.partition("=") for parameter in element.split(";")]
    given = [value for name, _, value in parameters if name.strip().lower() == "for"]
    return given[0] if len(given) == 1 else ""


def _address_of(hop: str) -> IPv4Address | IPv6Address | None:
    """The address in what a proxy says, which may be quoted, in brackets, and followed by a port."""
    hop = hop.strip()
    if len(hop) > 1 and hop[0] == hop[-1] == '"':
        hop = hop[1:-1].strip()
    node = _NODE.fullmatch(hop)
    return _parsed(hop if node is None else node[1] or node[2])


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
