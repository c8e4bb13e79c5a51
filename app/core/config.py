"""Settings, read from the environment and from `.env`; every one is documented in `.env.example`."""

import json
import re
from enum import StrEnum
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, EmailStr, Field, HttpUrl, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core.database_urls import usable_database_url
from app.core.roles import Role

EXAMPLE_SECRET_PREFIX = "change-me"
SECRET_MIN_LENGTH = 32
TOKEN_MIN_LENGTH = 16
SECRETS = ("access_secret_key", "reset_password_secret_key", "verification_secret_key")
SecretKeys = Annotated[list[SecretStr], NoDecode, Field(min_length=1)]
# A name, an IPv4 address, an IPv6 address in brackets, or all subdomains of a name.
_HOST_PATTERN = re.compile(r"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\]")
# Segments of a path that need no encoding, and are not dots.
_ROOT_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*")


def _lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """All that can be set. Building one raises `pydantic.ValidationError` when a value cannot be used."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    environment: Environment = Environment.DEVELOPMENT
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=256)
    drain_seconds: float = Field(default=0, ge=0, le=600)
    site_name: str = Field(default="Colophon", min_length=1, max_length=100, pattern=r"^[^\r\n]*$")
    frontend_url: str = Field(default="http://localhost:3000", pattern=r"^https?://\S+$")
    cors_origins: Annotated[list[str], NoDecode] = Field(default_factory=list)
    allowed_hosts: Annotated[list[str], NoDecode] = Field(default_factory=list)
    trusted_proxies: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(default_factory=list)
    forwarded_header: Annotated[Literal["x-forwarded-for", "forwarded"], BeforeValidator(_lowered)] = "x-forwarded-for"
    root_path: str = ""
    docs: Literal["auto", "on", "off"] = "auto"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    slow_query_ms: int = Field(default=200, ge=1)
    metrics_token: SecretStr | None = None
    sentry_dsn: SecretStr | None = None
    var_dir: Path = Path("var")

    cache_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    cdn_seconds: int = Field(default=0, ge=0, le=86400)

    database_url: str = "sqlite+aiosqlite:///var/blog.db"
    database_direct_url: str | None = None
    database_replica_url: str | None = None
    database_behind_pgbouncer: bool = False
    database_pool_size: int = Field(default=10, ge=1, le=1000)
    database_pool_timeout: float = Field(default=5, gt=0, le=60)
    database_statement_timeout: float = Field(default=5, gt=0, le=600)
    test_database_url: str | None = None
    backup_dir: Path | None = None
    backup_keep: int = Field(default=7, ge=0, le=3650)

    # The first signs; the others are still accepted.
    access_secret_key: SecretKeys
    reset_password_secret_key: SecretKeys
    verification_secret_key: SecretKeys
    access_token_expire_seconds: int = Field(default=900, ge=60, le=24 * 3600)
    refresh_token_expire_days: int = Field(default=30, ge=1, le=365)
    auth_cookie: Literal["off", "strict", "lax", "none"] = "off"
    default_role: Role = Role.READER
    registration: Literal["open", "invitation", "closed"] = "open"
    allowed_email_domains: Annotated[list[str], NoDecode] = Field(default_factory=list)
    blocked_email_domains: Annotated[list[str], NoDecode] = Field(default_factory=list)
    require_2fa_for: Annotated[list[Role], NoDecode] = Field(default_factory=list)
    deletion_grace_days: int = Field(default=14, ge=0, le=90)
    rate_limits: bool = True
    redis_url: str | None = Field(default=None, pattern=r"^(rediss?|unix)://\S+$")

    google_client_id: str | None = None
    google_client_secret: SecretStr | None = None
    github_client_id: str | None = None
    github_client_secret: SecretStr | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_issuer: str | None = None
    oidc_name: str = Field(default="oidc", pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")

    mail_server: str | None = None
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_username: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_from: EmailStr = "blog@example.com"

    @field_validator(
        "cors_origins",
        "allowed_hosts",
        "trusted_proxies",
        "allowed_email_domains",
        "blocked_email_domains",
        "require_2fa_for",
        *SECRETS,
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            try:
                return json.loads(value)
            except ValueError as error:
                raise ValueError("must be a JSON list or a comma-separated list") from error
        return [item.strip() for item in value.split(",") if item.strip()]

    @field_validator("allowed_email_domains", "blocked_email_domains")
    @classmethod
    def _lower(cls, value: list[str]) -> list[str]:
        return [domain.lower().removeprefix("@") for domain in value]

    @field_validator("allowed_hosts")
    @classmethod
    def _require_names_of_hosts(cls, value: list[str]) -> list[str]:
        if not all(_HOST_PATTERN.fullmatch(name) for name in value):
            raise ValueError("must be host names without ports, such as api.example.com or *.example.com")
        return [name.lower() for name in value]

    @field_validator("database_url", "database_direct_url", "database_replica_url", "test_database_url")
    @classmethod
    def _use_async_driver(cls, value: str | None) -> str | None:
        return None if value is None else usable_database_url(value)

    @field_validator("backup_dir", mode="before")
    @classmethod
    def _require_a_folder(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        # Otherwise such names would become folders below the current one.
        if "://" in value or "?" in value or "\0" in value:
            raise ValueError(f"{value!r} is not a folder on this machine, such as /backups")
        try:
            path = Path(value).expanduser()
            is_file = path.exists() and not path.is_dir()
        except (OSError, RuntimeError) as error:
            raise ValueError(f"{value!r} cannot be a folder, such as /backups: {error}") from error
        if is_file:
            raise ValueError(f"{value!r} is a file; it must be a folder, such as /backups")
        return path

    @field_validator("root_path")
    @classmethod
    def _require_path(cls, value: str) -> str:
        path = f"/{value.strip('/')}" if value.strip("/") else ""
        if not _ROOT_PATH.fullmatch(path):
            raise ValueError("must be the path below which a proxy serves the API, such as /blog")
        return path

    @field_validator("frontend_url")
    @classmethod
    def _drop_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator(*SECRETS)
    @classmethod
    def _require_long_secrets(cls, value: list[SecretStr]) -> list[SecretStr]:
        if any(len(secret.get_secret_value().encode()) < SECRET_MIN_LENGTH for secret in value):
            raise ValueError(f"must be at least {SECRET_MIN_LENGTH} bytes long")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _require_https(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = HttpUrl(value)
        if url.scheme != "https" and url.host not in {"localhost", "127.0.0.1"}:
            raise ValueError("must be an https URL")
        return value

    @field_validator("oidc_name")
    @classmethod
    def _refuse_names_of_other_providers(cls, value: str) -> str:
        if value in {"google", "github"}:
            raise ValueError("is the name of another provider")
        return value

    @model_validator(mode="after")
    def _refuse_half_a_provider(self) -> Self:
        for name in ("google", "github", "oidc"):
            given = [getattr(self, f"{name}_client_{part}") for part in ("id", "secret")]
            given += [self.oidc_issuer] if name == "oidc" else []
            if any(given) and not all(given):
                raise ValueError(f"{name.upper()}_CLIENT_ID and the settings that go with it must be set together")
        return self

    @model_validator(mode="after")
    def _refuse_example_secrets(self) -> Self:
        if self.environment is Environment.DEVELOPMENT:
            return self
        for name in SECRETS:
            if any(secret.get_secret_value().startswith(EXAMPLE_SECRET_PREFIX) for secret in getattr(self, name)):
                raise ValueError(f"{name.upper()} still has its example value")
        return self

    @field_validator("metrics_token")
    @classmethod
    def _require_long_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < TOKEN_MIN_LENGTH:
            raise ValueError(f"must be at least {TOKEN_MIN_LENGTH} characters long")
        return value

    @field_validator("sentry_dsn")
    @classmethod
    def _require_sentry(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and find_spec("sentry_sdk") is None:
            raise ValueError("requires the package sentry-sdk; install it with `uv sync --group sentry`")
        return value

    @model_validator(mode="after")
    def _refuse_wildcard_with_cookie(self) -> Self:
        if self.auth_cookie != "off" and "*" in self.cors_origins:
            raise ValueError("CORS_ORIGINS must list specific origins when AUTH_COOKIE is on")
        return self

    @model_validator(mode="after")
    def _refuse_debugging_in_production(self) -> Self:
        if self.environment is Environment.PRODUCTION and self.log_level == "DEBUG":
            # The database drivers would log what is stored, hashes of passwords and all.
            raise ValueError("LOG_LEVEL=DEBUG is only allowed in development")
        return self

    @property
    def shows_docs(self) -> bool:
        """Whether the API's documentation can be read where the API is."""
        return self.docs == "on" or (self.docs == "auto" and self.environment is Environment.DEVELOPMENT)

    @property
    def insists_on_https(self) -> bool:
        """Whether browsers are to come back by https only."""
        return self.environment is Environment.PRODUCTION and self.frontend_url.startswith("https:")

    @property
    def direct_url(self) -> str:
        """The database itself, past a pooler: for what needs one connection to keep, such as migrations."""
        return self.database_direct_url or self.database_url

    @model_validator(mode="after")
    def _refuse_what_only_postgresql_has(self) -> Self:
        """SQLite has neither replicas nor poolers."""
        is_sqlite = any(url.startswith("sqlite") for url in (self.database_url, self.database_replica_url or ""))
        if is_sqlite and (self.database_replica_url is not None or self.database_behind_pgbouncer):
            raise ValueError("DATABASE_REPLICA_URL and DATABASE_BEHIND_PGBOUNCER require PostgreSQL")
        return self

    @model_validator(mode="after")
    def _refuse_to_listen_through_a_pooler(self) -> Self:
        if self.database_behind_pgbouncer and self.database_direct_url is None:
            raise ValueError("DATABASE_BEHIND_PGBOUNCER requires DATABASE_DIRECT_URL, which bypasses PgBouncer")
        return self

    @property
    def mail_dir(self) -> Path:
        """Where mails are written while no `MAIL_SERVER` is set."""
        return self.var_dir / "mail"
