"""Email addresses: the one form in which each is stored and compared, and the one in which mail servers know it."""

import re
import unicodedata
from functools import lru_cache

import email_validator
import idna
from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254
# Names that are resolved inside a network only: RFC 6761, 6762 (with its appendix G) and 8375, and `internal`, which
# ICANN reserved. `test` is for tests.
_PRIVATE = (
    *("corp", "home", "home.arpa", "internal", "intranet", "lan", "local", "localdomain", "localhost", "private"),
    "test",
)
# The library refuses all names of special use; which of them may be used is for the settings to say.
email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = ["invalid", "onion"]
_PUBLIC_ARPA = re.compile(r"(?!(.*\.)?home\.arpa$)(.*\.)?arpa")


def canonical(address: str) -> str:
    """The address in lower case, its domain in its own script. Raises `ValueError`, saying what is wrong."""
    return normalized(address).lower()


def normalized(address: str) -> str:
    """The same, but for the case of what is before the @."""
    domain = address.rpartition("@")[2].strip()
    found = validate_email(
        address.strip(),
        check_deliverability=False,
        allow_domain_literal=True,
        # A host of one's own network may have a name without a dot.
        globally_deliverable="." in domain,
    )
    if _PUBLIC_ARPA.fullmatch(found.domain):
        raise EmailNotValidError("The part after the @-sign is a special-use name that cannot be used with email.")
    return found.normalized


def canonical_domain(domain: str) -> str:
    """A domain as it is in such an address. Raises `ValueError`."""
    return canonical(f"somebody@{domain}").rpartition("@")[2]


def as_stored(login: str) -> str:
    """A username or email address, however it was typed, as it would be stored; anything else in lower case."""
    try:
        return canonical(login)
    except ValueError:
        # An `ü` may have been typed as two characters.
        return unicodedata.normalize("NFC", login.strip()).lower()


def domain_of(address: str) -> str:
    """The domain of a canonical address."""
    return address.rpartition("@")[2]


def is_private(domain: str) -> bool:
    """Whether mail for this domain stays inside a network: no mail server elsewhere could find it."""
    if "." not in domain or domain.startswith("["):
        return True
    return f".{domain}".endswith(tuple(f".{name}" for name in _PRIVATE))


@lru_cache(maxsize=256)
def for_mail_servers(address: str) -> str:
    """The address with its domain in ASCII, as servers are asked for it; what is before the @ stays what it is.

    Only an address that is not ASCII even then needs a server that knows SMTPUTF8.
    """
    local, at, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}{at}{idna.encode(domain, uts46=True).decode()}"
