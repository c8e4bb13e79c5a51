"""URLs of databases, in the forms in which hosting providers hand them out.

Those of PostgreSQL are libpq's. The driver is asyncpg, which has other names for some parameters and nothing for
others: what it cannot do is refused, never ignored.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import quote, unquote

from app.core.postgresql_parameters import usable_parameters

# There, a plus sign in a parameter is a space; in libpq's, it is one.
_SQLALCHEMYS = "postgresql+asyncpg"
_POSTGRESQL = {"postgres", "postgresql", _SQLALCHEMYS}
_SQLITE = {"sqlite", "sqlite+aiosqlite"}
_EXAMPLE = "such as postgresql://user:password@host:5432/blog or sqlite:///var/blog.db"
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+(?:%[\w.]+)?\]|[^\s\[\]:/@]+)(?::(?P<port>\d{0,5}))?")
_NO_PLACE = "has a host or port that cannot be used, such as db.example.com:5432"
# What would be read differently by the programs and libraries that are given the name.
_NOT_IN_A_DATABASE = re.compile(r"[%?#/@\x00]")
_PARAMETER = re.compile(r"[\w%.-]+=")
_MAX_PORT = 65535
DEFAULT_PORT = 5432
_WINDOWS_PATH = re.compile(r"[A-Za-z]:[\\/]")


def usable_database_url(value: str) -> str:
    """The URL in the form that everything here can open.

    Raises `ValueError`, saying what is wrong with it. Passwords are never part of that.
    """
    scheme, separator, rest = value.strip().partition("://")
    scheme = scheme.lower()
    if not separator or not re.fullmatch(r"[a-z0-9+]+", scheme):
        raise ValueError(f"is not a database URL, {_EXAMPLE}")
    if scheme in _SQLITE:
        return f"sqlite+aiosqlite://{_sqlite_path(rest)}"
    if scheme in _POSTGRESQL:
        return PostgresqlAddress.parse(f"{scheme}://{rest}").url
    raise ValueError(f"must be an SQLite or PostgreSQL URL, {_EXAMPLE}")


def is_sqlite(url: str) -> bool:
    """Whether a usable URL is one of SQLite's."""
    return url.partition("://")[0] in _SQLITE


def without_secrets(url: str) -> str:
    """A usable URL as it may be shown: no password, and no parameters."""
    if is_sqlite(url):
        return url
    address = PostgresqlAddress.parse(url)
    return replace(address, password="***" if address.password else None, parameters={}).url


def password_of(url: str) -> str | None:
    """The password in a usable URL."""
    return None if is_sqlite(url) else PostgresqlAddress.parse(url).password


def _sqlite_path(rest: str) -> str:
    if rest == "/":
        # Of a variable that is not set, perhaps; to SQLAlchemy it means a database in memory.
        raise ValueError("has no path, such as sqlite:///var/blog.db")
    if not rest:
        return ""
    if not rest.startswith("/"):
        raise ValueError("needs three slashes before a path, four if it is absolute, such as sqlite:///var/blog.db")
    path = rest[1:]
    if path.startswith("file:") or "?" in path:
        raise ValueError("must have a path and no parameters after it, such as sqlite:///var/blog.db")
    if sys.platform != "win32" and _WINDOWS_PATH.match(path):
        raise ValueError("has a path of Windows, and this is none; write it like sqlite:////srv/blog/blog.db")
    return rest


@dataclass(frozen=True)
class PostgresqlAddress:
    """Where a PostgreSQL database is, and how to connect to it; parameters have libpq's names."""

    # With its port; the path of a folder is one of a Unix socket.
    hosts: tuple[tuple[str, int | None], ...] = ()
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises `ValueError`."""
        scheme, _, rest = url.partition("://")
        authority, path, query = _parts_of(rest)
        if scheme == _SQLALCHEMYS:
            query = query.replace("+", "%20")
        found = {name: value for name, value in _query_of(query).items() if value}
        credentials, _, places = authority.rpartition("@")
        user, _, password = credentials.partition(":")
        user = unquote(user) or found.pop("user", "")
        database = unquote(path) or found.pop("dbname", "") or found.pop("database", "") or user
        if not database or _NOT_IN_A_DATABASE.search(database):
            raise ValueError(f"names no database that can be used, {_EXAMPLE}")
        named = _hosts_in_authority(places) or _hosts_in_query(found.get("host", ""))
        hosts = _with_ports(named, found.pop("port", ""))
        given = unquote(password) or found.pop("password", "")
        for overridden in ("user", "dbname", "database", "host", "password"):
            found.pop(overridden, None)
        return cls(hosts, user or None, given or None, database, usable_parameters(found))

    @property
    def url(self) -> str:
        """As SQLAlchemy writes it, whose URLs cannot name several hosts, or sockets, before the database."""
        user = quote(self.user or "", safe="") + (f":{quote(self.password, safe='*')}" if self.password else "")
        query = dict(self.parameters)
        place = ""
        if len(self.hosts) == 1 and not self.hosts[0][0].startswith("/"):
            host, port = self.hosts[0]
            place = _bracketed(host) if port is None else f"{_bracketed(host)}:{port}"
        elif self.hosts:
            ports = {"port": self.ports} if any(port for _, port in self.hosts) else {}
            query = {"host": ",".join(_bracketed(host) for host, _ in self.hosts), **ports, **query}
        tail = "&".join(f"{name}={quote(value, safe='/:,[]')}" for name, value in query.items())
        return f"{_SQLALCHEMYS}://{user}{'@' if user else ''}{place}/{self.database}{'?' if tail else ''}{tail}"

    @property
    def ports(self) -> str:
        """One for each host."""
        return ",".join(str(port or DEFAULT_PORT) for _, port in self.hosts)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("/") else host


def _parts_of(rest: str) -> tuple[str, str, str]:
    """Authority, path and query. A password should be percent-encoded; one that is not is told by the @ after it."""
    strict = re.fullmatch(r"(?P<authority>[^/?#]*)(?:/(?P<path>[^/?#@]*))?(?:\?(?P<query>[^#]*))?", rest)
    if strict is not None and _is_query(strict["query"]) and _are_places(strict["authority"].rpartition("@")[2]):
        return strict["authority"], strict["path"] or "", strict["query"] or ""
    lenient = re.fullmatch(r"(?P<authority>.*@[^/?#@]*)(?:/(?P<path>[^/?#@]*))?(?:\?(?P<query>[^#@]*))?", rest)
    if lenient is None or not _are_places(lenient["authority"].rpartition("@")[2]):
        raise ValueError(f"is not a database URL, {_EXAMPLE}; special characters in a password are percent-encoded")
    return lenient["authority"], lenient["path"] or "", lenient["query"] or ""


def _is_query(text: str | None) -> bool:
    return not text or all(_PARAMETER.match(pair) for pair in text.split("&") if pair)


def _are_places(text: str) -> bool:
    return not text or all(_HOST.fullmatch(place) for place in text.split(","))


def _query_of(text: str) -> dict[str, str]:
    if not _is_query(text):
        raise ValueError("has a parameter without a value after the question mark")
    pairs = [pair.partition("=") for pair in text.split("&") if pair]
    # A plus sign is one, except where only a space makes sense.
    return {unquote(name): unquote(value.replace("+", " ") if name == "options" else value) for name, _, value in pairs}


def _hosts_in_authority(text: str) -> list[tuple[str, str]]:
    """With their ports. Here a socket's path is percent-encoded."""
    return [_host_and_port(place, unquote) for place in text.split(",") if place]


def _hosts_in_query(text: str) -> list[tuple[str, str]]:
    """Here a socket's path is not, and may contain colons."""
    return [(place, "") if place.startswith("/") else _host_and_port(place, str) for place in text.split(",") if place]


def _host_and_port(place: str, decoded: Callable[[str], str]) -> tuple[str, str]:
    found = _HOST.fullmatch(place)
    if found is None:
        raise ValueError(_NO_PLACE)
    return decoded(found["host"]).strip("[]"), found["port"] or ""


def _with_ports(hosts: Sequence[tuple[str, str]], ports: str) -> tuple[tuple[str, int | None], ...]:
    further = ports.split(",") if ports else [""]
    if len(further) == 1:
        further *= max(1, len(hosts))
    if len(further) != max(1, len(hosts)):
        raise ValueError("has more or fewer ports than hosts")
    return tuple((host, _port(own or other)) for (host, own), other in zip(hosts, further, strict=False))


def _port(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MAX_PORT):
        raise ValueError(_NO_PLACE)
    return int(text)
