"""Hosts, origins and URLs as browsers send them: in lower case, in ASCII, without default ports.

Each function raises `ValueError` with a sentence that names the value and a right one.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import idna

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]+\]|[^\s:/?#@\[\]\\]+)(?::(?P<port>[0-9]{1,5}))?")
_MAX_HOST_LENGTH = 253
_MAX_PORT = 65535
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Of programs that show pages of their own, and of browsers' extensions.
_APP_SCHEMES = {"app", "capacitor", "chrome-extension", "ionic", "moz-extension", "safari-web-extension", "tauri"}
_ANY_MAPPED = IPv6Network("::ffff:0:0/96")


def host(text: str) -> str:
    """A name, an IPv4 address, or an IPv6 address in brackets."""
    bare = text.removeprefix("[").removesuffix("]")
    if ":" in bare:
        try:
            return f"[{IPv6Address(bare)}]"
        except ValueError:
            raise _not_a_host(text) from None
    name = _in_ascii(text.removesuffix("."), text)
    labels = name.split(".")
    if len(name) > _MAX_HOST_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        raise _not_a_host(text)
    if labels[-1].isdigit() and not _is_ipv4(name):
        raise _not_a_host(text)
    return name


def _in_ascii(name: str, given: str) -> str:
    if name.isascii():
        return name.lower()
    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        raise _not_a_host(given) from None


def _is_ipv4(name: str) -> bool:
    try:
        IPv4Address(name)
    except ValueError:
        return False
    return True


def _not_a_host(text: str) -> ValueError:
    return ValueError(f'"{text}" is not a host name or IP address, such as blog.example.com')


def allowed_host(text: str) -> str:
    """A host without its port, or `*.` and a name for all of its subdomains."""
    right = "such as api.example.com or *.example.com"
    if text == "*":
        raise ValueError(f'"*" is not among the host names that can be listed, {right}; to accept all, leave it empty')
    try:
        return _name_or_subdomains(text)
    except ValueError:
        right = f"such as {_meant_host(text) or 'api.example.com or *.example.com'}"
        raise ValueError(f'"{text}" is not one of the host names without scheme, port and path, {right}') from None


def _name_or_subdomains(text: str) -> str:
    name = host(text.removeprefix("*."))
    if not text.startswith("*."):
        return name
    if name.startswith("[") or _is_ipv4(name):
        raise ValueError("an address has no subdomains")
    return f"*.{name}"


def _meant_host(text: str) -> str | None:
    """What `text` becomes without that which does not belong to a host, if that is one."""
    found = re.search(r"://([^/:]+)", text) or re.fullmatch(r"([^/:\s]+)[:/].*", text)
    if found:
        meant = found[1]
    elif text.startswith("."):
        meant = f"*{text}"
    else:
        meant = text.removeprefix("*.")
    try:
        return _name_or_subdomains(meant)
    except ValueError:
        return None


def origin(text: str) -> str:
    """A scheme, a host and perhaps a port, or `*` for all."""
    if text == "*":
        return text
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    found = _AUTHORITY.match(rest if separator else text)
    if not separator or scheme not in {*_DEFAULT_PORTS, *_APP_SCHEMES}:
        raise ValueError(
            f'"{text}" is not an origin, with http:// or https:// before the host, such as {_guess(found)}'
        )
    if "*" in rest:
        raise ValueError(
            f'"{text}" is not an origin; list each of them, such as {scheme}://blog.example.com, or only *'
        )
    if found is None:
        raise ValueError(f'"{text}" is not an origin, such as https://blog.example.com')
    right = f"{scheme}://{_authority(found, scheme, text)}"
    if rest[found.end() :].strip("/"):
        raise ValueError(f'"{text}" is not an origin, which has nothing after the host and port, such as {right}')
    return right


def _guess(found: "re.Match[str] | None") -> str:
    """The origin that was probably meant."""
    example = "https://blog.example.com"
    if found is None or found[0] == "null":
        return example
    try:
        return f"https://{_authority(found, 'https', found[0])}"
    except ValueError:
        return example


def base_url(text: str) -> str:
    """The http or https URL of a site, to whose end paths can be added."""
    example = "such as https://blog.example.com"
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    found = _AUTHORITY.match(rest)
    if not separator or scheme not in _DEFAULT_PORTS or found is None:
        raise ValueError(f'"{text}" is not a URL that begins with http:// or https://, {example}')
    path = rest[found.end() :]
    if (path and not path.startswith("/")) or re.search(r"[\s?#@\\\x00-\x1f]", path):
        raise ValueError(f'"{text}" is not a URL without user, query and fragment, {example}')
    return f"{scheme}://{_authority(found, scheme, text)}{path.rstrip('/')}"


def _authority(found: "re.Match[str]", scheme: str, text: str) -> str:
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port <= _MAX_PORT:
        raise ValueError(f'"{text}" has no port from 1 to {_MAX_PORT}, such as {scheme}://blog.example.com:8000')
    try:
        name = host(found["host"])
    except ValueError:
        raise ValueError(
            f'"{text}" has no host name or IP address that can be used, such as {scheme}://blog.example.com'
        ) from None
    return name if port in {None, _DEFAULT_PORTS.get(scheme)} else f"{name}:{port}"


def server_host(text: str) -> str:
    """The host of a server to connect to or to listen on; an IPv6 address has no brackets."""
    if "://" in text or re.fullmatch(r"[^/:\s]+:\d+", text):
        right = (_meant_host(text) or "blog.example.com").removeprefix("*.")
        raise ValueError(f'"{text}" is not a host alone, such as {right}; its port has a setting of its own')
    if text == "*":
        raise ValueError('"*" is not a host; to listen on all addresses, write 0.0.0.0')
    return host(text).strip("[]")


def issuer(text: str) -> str:
    """The https URL of an OpenID Connect provider, as it writes it; http is for providers on the same machine."""
    end = "/.well-known/openid-configuration"
    if text.endswith(end):
        raise ValueError(f'"{text}" is the URL of its configuration, and not the issuer: {text.removesuffix(end)}')
    url = base_url(text)
    if not url.startswith("https:") and urlsplit(url).hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ValueError(f'"{text}" must be an https URL, such as https://login.example.com')
    return url + ("/" if text.endswith("/") else "")


def network(text: str) -> IPv4Network | IPv6Network:
    """An IP address or network in CIDR notation."""
    if text == "*":
        raise ValueError('"*" is not an IP address or network; to trust whoever connects, write 0.0.0.0/0,::/0')
    # Clients' addresses are compared without the interface through which they are reached.
    bare = re.sub(r"^\[([^\[\]]*)\](/\d+)?$", r"\1\2", re.sub(r"%[^/\]]*", "", text))
    try:
        found = ip_network(bare, strict=False)
    except ValueError:
        raise ValueError(f'"{text}" is not an IP address or network, such as 10.0.0.5 or 10.0.0.0/8') from None
    address = ip_address(bare.partition("/")[0])
    if "/" in bare and address != found.network_address:
        raise ValueError(f'"{text}" is an address inside a network; write {found} for all of it, or {address} alone')
    if isinstance(found, IPv6Network) and found.subnet_of(_ANY_MAPPED):
        # Which is how they are compared.
        return IPv4Network((int(found.network_address) & 0xFFFFFFFF, found.prefixlen - _ANY_MAPPED.prefixlen))
    return found
