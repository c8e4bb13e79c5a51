"""Settings, read from the environment and from `.env`; every one is documented in `.env.example`."""

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.database_urls import is_sqlite
from app.core.email_addresses import is_private
from app.core.roles import Role
from app.core.schemas.base import Line
from app.core.setting_types import (
    LOWER,
    UPPER,
    AllowedHosts,
    BaseUrl,
    DatabaseUrl,
    EmailDomains,
    Folder,
    Issuer,
    MetricsToken,
    Networks,
    Origins,
    RedisUrl,
    Roles,
    RootPath,
    SecretKeys,
    Sender,
    SentryDsn,
    ServerHost,
    SiteName,
)

EXAMPLE_SECRET_PREFIX = "change-me"
SECRETS = ("access_secret_key", "reset_password_secret_key", "verification_secret_key")


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

    environment: Annotated[Environment, LOWER] = Environment.DEVELOPMENT
    host: ServerHost = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=256)
    drain_seconds: float = Field(default=0, ge=0, le=600)
    site_name: SiteName = "Colophon"
    frontend_url: BaseUrl = "http://localhost:3000"
    cors_origins: Origins = Field(default_factory=list, examples=["https://blog.example.com"])
    allowed_hosts: AllowedHosts = Field(default_factory=list, examples=["api.example.com"])
    trusted_proxies: Networks = Field(default_factory=list, examples=["10.0.0.0/8"])
    forwarded_header: Annotated[Literal["x-forwarded-for", "forwarded"], LOWER] = "x-forwarded-for"
    root_path: RootPath = ""
    docs: Annotated[Literal["auto", "on", "off"], LOWER] = "auto"
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], UPPER] = "INFO"
    slow_query_ms: int = Field(default=200, ge=1)
    metrics_token: MetricsToken | None = None
    sentry_dsn: SentryDsn | None = None
    var_dir: Folder = Path("var")

    cache_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    cdn_seconds: int = Field(default=0, ge=0, le=86400)

    database_url: DatabaseUrl = "sqlite+aiosqlite:///var/blog.db"
    database_direct_url: DatabaseUrl | None = None
    database_replica_url: DatabaseUrl | None = None
    database_behind_pgbouncer: bool = False
    database_pool_size: int = Field(default=10, ge=1, le=1000)
    database_pool_timeout: float = Field(default=5, gt=0, le=60)
    database_statement_timeout: float = Field(default=5, gt=0, le=600)
    test_database_url: DatabaseUrl | None = None
    backup_dir: Folder | None = None
    backup_keep: int = Field(default=7, ge=0, le=3650)

    # The first signs; the others are still accepted.
    access_secret_key: SecretKeys
    reset_password_secret_key: SecretKeys
    verification_secret_key: SecretKeys
    access_token_expire_seconds: int = Field(default=900, ge=60, le=24 * 3600)
    refresh_token_expire_days: int = Field(default=30, ge=1, le=365)
    auth_cookie: Annotated[Literal["off", "strict", "lax", "none"], LOWER] = "off"
    default_role: Annotated[Role, LOWER] = Role.READER
    registration: Annotated[Literal["open", "invitation", "closed"], LOWER] = "open"
    allowed_email_domains: EmailDomains = Field(default_factory=list, examples=["example.com"])
    blocked_email_domains: EmailDomains = Field(default_factory=list, examples=["example.com"])
    private_email_domains: bool = False
    require_2fa_for: Roles = Field(default_factory=list, examples=["editor,admin"])
    deletion_grace_days: int = Field(default=14, ge=0, le=90)
    rate_limits: bool = True
    redis_url: RedisUrl | None = None

    google_client_id: Line | None = None
    google_client_secret: SecretStr | None = None
    github_client_id: Line | None = None
    github_client_secret: SecretStr | None = None
    oidc_client_id: Line | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_issuer: Issuer | None = None
    oidc_name: Annotated[str, LOWER] = Field(default="oidc", pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")

    mail_server: ServerHost | None = None
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_security: Annotated[Literal["starttls", "tls", "none"], LOWER] = "starttls"
    mail_username: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_from: Sender = "blog@example.com"

    @field_validator("*", mode="before")
    @classmethod
    def _tidy(cls, value: Any, info: ValidationInfo) -> Any:
        """Space around a value means nothing, and a value of nothing else is none."""
        if not value or not isinstance(value, str) or info.field_name in {None, "mail_password"}:
            return value
        # Where the system's encoding is ASCII, Python hides other bytes in a text; files and people write UTF-8.
        tidy = value.encode(errors="surrogateescape").decode(errors="replace").strip()
        return tidy or cls.model_fields[str(info.field_name)].get_default(call_default_factory=True)

    @field_validator("oidc_name")
    @classmethod
    def _refuse_names_of_other_providers(cls, value: str) -> str:
        if value in {"google", "github"}:
            raise ValueError(f'"{value}" is the name of another provider; choose one of your own, such as oidc')
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
        on_sqlite = any(is_sqlite(url) for url in (self.database_url, self.database_replica_url or ""))
        if on_sqlite and (self.database_replica_url is not None or self.database_behind_pgbouncer):
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

    @property
    def takes_private_email_domains(self) -> bool:
        """Whether mail may be sent to where no server outside this network finds it."""
        return self.private_email_domains or self.environment is Environment.DEVELOPMENT

    @model_validator(mode="after")
    def _refuse_private_domains_that_are_not_taken(self) -> Self:
        if self.takes_private_email_domains:
            return self
        for name, domains in (
            ("MAIL_FROM", [self.mail_from.rpartition("@")[2].lower()]),
            ("ALLOWED_EMAIL_DOMAINS", self.allowed_email_domains),
        ):
            if private := next(filter(is_private, domains), None):
                raise ValueError(f"{name} has {private}, which needs PRIVATE_EMAIL_DOMAINS=true")
        return self

    @model_validator(mode="after")
    def _refuse_half_a_mail_login(self) -> Self:
        if bool(self.mail_username) is not bool(self.mail_password.get_secret_value()):
            raise ValueError("MAIL_USERNAME and MAIL_PASSWORD must be set together")
        return self
