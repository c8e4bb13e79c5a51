"""The types of settings: what each accepts, and the one form in which it is used.

What is refused is refused with a sentence that names the value and a right one; secrets are not repeated.
"""

import json
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from app.core import email_addresses, web_addresses
from app.core.database_urls import usable_database_url
from app.core.roles import Role
from app.core.schemas.base import Line

SECRET_MIN_LENGTH = 32
TOKEN_MIN_LENGTH = 16
# A list that begins with an address in brackets looks like JSON.
_BRACKETED_ADDRESS = re.compile(r"\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]\s*(?:[:/]\d+\s*)?(?:,|$)")
# Segments of a path that need no encoding, and are not dots.
_ROOT_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*")
_DSN_PATH = re.compile(r"/(?:.*/)?\d+")


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.startswith("[") and not _BRACKETED_ADDRESS.match(value):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('must be a comma-separated or a JSON list, such as a,b or ["a", "b"]') from None
    return [item.strip() for item in value.split(",") if item.strip()]


def _each(convert: Callable[[str], Any]) -> Callable[[list[str]], list[Any]]:
    return lambda values: [convert(value) for value in values]


def _network(value: object) -> object:
    # A number would be taken for an address.
    return web_addresses.network(str(value)) if isinstance(value, str | int) else value


def _networks(values: object) -> object:
    return [_network(value) for value in values] if isinstance(values, list) else values


def _email_domain(text: str) -> str:
    if "@" in text.removeprefix("@"):
        raise ValueError(f'"{text}" is an address and not a domain, such as {text.rpartition("@")[2]}')
    try:
        return email_addresses.canonical_domain(re.sub(r"^(?:@|\*\.|\.)", "", text).rstrip("."))
    except ValueError:
        raise ValueError(f'"{text}" is not a domain, such as example.com') from None


def _sender(text: str) -> str:
    try:
        return email_addresses.normalized(text)
    except ValueError as error:
        found = re.search(r"<([^<>\s]+@[^<>\s]+)>", text)
        right = found[1] if found else "blog@example.com"
        raise ValueError(f'"{text}" is not an email address alone, such as {right}: {error}') from None


def _redis_url(value: str) -> str:
    example = "such as redis://localhost:6379/0"
    if not re.match(r"(?:rediss?|unix)://\S+$", value):
        raise ValueError(f"is not a URL that begins with redis://, rediss:// or unix://, {example}")
    # It takes long to import.
    from redis.asyncio import ConnectionPool  # noqa: PLC0415

    try:
        # Connects to nothing yet.
        ConnectionPool.from_url(value).make_connection()  # type: ignore[no-untyped-call]
        if not value.startswith("unix:"):
            _require_database_number(urlsplit(value).path)
    except (ValueError, TypeError, AttributeError, LookupError):
        raise ValueError(f"is not the URL of a Redis server, {example}") from None
    return value


def _require_database_number(path: str) -> None:
    if not re.fullmatch(r"(?:/\d*)?", path):
        raise ValueError


def _secrets(values: list[SecretStr]) -> list[SecretStr]:
    if any(len(value.get_secret_value().encode()) < SECRET_MIN_LENGTH for value in values):
        raise ValueError(f"must be at least {SECRET_MIN_LENGTH} bytes long")
    return values


def _token(value: SecretStr) -> SecretStr:
    token = value.get_secret_value()
    if len(token) < TOKEN_MIN_LENGTH:
        raise ValueError(f"must be at least {TOKEN_MIN_LENGTH} characters long")
    if not re.fullmatch(r"[ -~]+", token):
        # It comes in a header.
        raise ValueError("must consist of ASCII letters, digits and punctuation")
    return value


def _dsn(value: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(value.get_secret_value())
        is_one = parts.scheme in {"http", "https"} and parts.username and parts.hostname and (parts.port or True)
    except ValueError:
        is_one = False
    if not is_one or not _DSN_PATH.fullmatch(parts.path):
        raise ValueError("is not the DSN of a Sentry project, such as https://key@sentry.example.com/1")
    return value


def _folder(text: str | Path) -> Path:
    value = Path(text)
    # Otherwise such names would become folders below the current one.
    if re.match(r"\w+:/", str(text)) or "?" in str(text) or not str(text).isprintable():
        raise ValueError(f'"{text}" is not the path of a folder, such as var or /var/lib/colophon')
    try:
        path = value.expanduser()
        is_file = path.exists() and not path.is_dir()
    except (OSError, RuntimeError) as error:
        raise ValueError(f'"{value}" cannot be a folder, such as /var/lib/colophon: {error}') from error
    if is_file:
        raise ValueError(f'"{value}" is a file; it must be a folder, such as /var/lib/colophon')
    return path


def _root_path(value: str) -> str:
    path = f"/{value.strip('/')}" if value.strip("/") else ""
    if not _ROOT_PATH.fullmatch(path):
        raise ValueError(f'"{value}" is not the path below which a proxy serves the API, such as /blog')
    return path


_List = (NoDecode, BeforeValidator(_split))
LOWER, UPPER = BeforeValidator(_lower), BeforeValidator(_upper)
SecretKeys = Annotated[list[SecretStr], *_List, Field(min_length=1), AfterValidator(_secrets)]
MetricsToken = Annotated[SecretStr, AfterValidator(_token)]
SentryDsn = Annotated[SecretStr, AfterValidator(_dsn)]
Roles = Annotated[list[Annotated[Role, LOWER]], *_List]
Origins = Annotated[list[str], *_List, AfterValidator(_each(web_addresses.origin))]
AllowedHosts = Annotated[list[str], *_List, AfterValidator(_each(web_addresses.allowed_host))]
Networks = Annotated[list[IPv4Network | IPv6Network], NoDecode, BeforeValidator(_networks), BeforeValidator(_split)]
EmailDomains = Annotated[list[str], *_List, AfterValidator(_each(_email_domain))]
ServerHost = Annotated[str, AfterValidator(web_addresses.server_host)]
BaseUrl = Annotated[str, AfterValidator(web_addresses.base_url)]
Issuer = Annotated[str, AfterValidator(web_addresses.issuer)]
DatabaseUrl = Annotated[str, AfterValidator(usable_database_url)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]
Sender = Annotated[str, AfterValidator(_sender)]
Folder = Annotated[Path, BeforeValidator(_folder)]
RootPath = Annotated[str, AfterValidator(_root_path)]
SiteName = Annotated[Line, Field(min_length=1, max_length=100)]
