"""The parameters of PostgreSQL's URLs: which of them mean anything here."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

_MAX_CONNECT_SECONDS = 60
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SSL_MODES_BY_SSL = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
_UNSURE_SSL_MODES = ("disable", "allow", "prefer")
# The certificates that the system trusts.
SYSTEM = "system"
_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "sslmode": _SSL_MODES,
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _VERSIONS,
    "ssl_max_protocol_version": _VERSIONS,
    "channel_binding": ("disable", "prefer", "require"),
    "target_session_attrs": ("any", "primary", "standby", "read-write", "read-only", "prefer-standby"),
    # The driver encrypts with TLS only, as it then does.
    "gssencmode": ("disable", "prefer"),
    "client_encoding": ("auto", "utf8", "UTF8", "utf-8", "UTF-8"),
    "schema": ("public",),
}
_TEXTS = ("application_name", "options", "krbsrvname", "gsslib", *_FILES)
# They say what is so anyway.
_MEANINGLESS = ("gssencmode", "client_encoding", "schema")
_INSTEAD = {
    "pgbouncer": "set DATABASE_BEHIND_PGBOUNCER=true instead",
    "prepared_statement_cache_size": "set DATABASE_BEHIND_PGBOUNCER=true instead",
    "statement_cache_size": "set DATABASE_BEHIND_PGBOUNCER=true instead",
    "connection_limit": "set DATABASE_POOL_SIZE instead",
    "pool_timeout": "set DATABASE_POOL_TIMEOUT instead",
    "statement_timeout": "set DATABASE_STATEMENT_TIMEOUT instead",
    "command_timeout": "set DATABASE_STATEMENT_TIMEOUT instead",
    "timeout": "write connect_timeout instead",
    "hostaddr": "write host instead",
    "service": "write its host, port, user and database out",
    "search_path": "the tables are always in the schema public",
    "sslaccept": "write sslmode instead",
    "requiressl": "write sslmode=require instead",
}


def usable_parameters(given: Mapping[str, str]) -> dict[str, str]:
    """Those that are to be used, under libpq's names. Raises `ValueError`."""
    parameters = dict(given)
    if "ssl" in parameters:
        mode = parameters.pop("ssl")
        parameters.setdefault("sslmode", _SSL_MODES_BY_SSL.get(mode.lower(), mode))
    for name, value in parameters.items():
        _require_usable(name, value)
    if parameters.get("sslrootcert") == SYSTEM:
        # As libpq does, unless the mode is written out.
        parameters["sslmode"] = "verify-full"
    mode = parameters.get("sslmode", "prefer")
    if parameters.get("sslnegotiation") == "direct" and mode in _UNSURE_SSL_MODES:
        raise ValueError("has the parameter sslnegotiation=direct, which needs sslmode=require or stricter")
    if parameters.get("channel_binding") == "require" and mode == "disable":
        raise ValueError("has the parameter channel_binding=require, which needs sslmode=require or stricter")
    return {name: value for name, value in parameters.items() if name not in _MEANINGLESS}


def _require_usable(name: str, value: str) -> None:
    check = _CHECKS.get(name)
    if check is None:
        shown = re.sub(r"[^\w.-]", "?", name[:40])
        raise ValueError(f"has the parameter {shown}, which is not supported; {_INSTEAD.get(name, 'leave it out')}")
    check(name, value)


def _one_of_its_choices(name: str, value: str) -> None:
    if value not in _CHOICES[name]:
        raise ValueError(f"has the parameter {name} with a value that is not supported; use {_either(_CHOICES[name])}")


def _either(choices: tuple[str, ...]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"


def _a_text(name: str, value: str) -> None:
    if "\x00" in value:
        raise ValueError(f"has the parameter {name} with a value that is not supported")


def _a_file(name: str, value: str) -> None:
    is_system = name == "sslrootcert" and value == SYSTEM
    if not is_system and not os.access(Path(value), os.R_OK):
        raise ValueError(f"has the parameter {name}, but there is no such file, or it cannot be read")


def _seconds(name: str, value: str) -> None:
    if not (value.isascii() and value.isdigit() and 0 < int(value) <= _MAX_CONNECT_SECONDS):
        raise ValueError(f"has the parameter {name}, which must be from 1 to {_MAX_CONNECT_SECONDS} seconds")


_CHECKS: Mapping[str, Callable[[str, str], None]] = {
    **dict.fromkeys(_TEXTS, _a_text),
    **dict.fromkeys(_FILES, _a_file),
    **dict.fromkeys(_CHOICES, _one_of_its_choices),
    "connect_timeout": _seconds,
}
