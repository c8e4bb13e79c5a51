"""Settings, read from the environment and from `.env`; every one is documented in `.env.example`."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import EmailStr, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.core.roles import Role

EXAMPLE_SECRET_PREFIX = "change-me"
SECRET_MIN_LENGTH = 32
_ASYNC_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}


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
    site_name: str = Field(default="Colophon", min_length=1, max_length=100, pattern=r"^[^\r\n]*$")
    frontend_url: str = Field(default="http://localhost:3000", pattern=r"^https?://\S+$")
    cors_origins: Annotated[list[str], NoDecode] = Field(default_factory=list)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    var_dir: Path = Path("var")

    database_url: str = "sqlite+aiosqlite:///var/blog.db"
    test_database_url: str | None = None

    access_secret_key: SecretStr
    reset_password_secret_key: SecretStr
    verification_secret_key: SecretStr
    access_token_expire_seconds: int = Field(default=3600, ge=60, le=30 * 24 * 3600)
    default_role: Role = Role.READER

    mail_server: str | None = None
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_username: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_from: EmailStr = "blog@example.com"

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            try:
                return json.loads(value)
            except ValueError as error:
                raise ValueError("must be a JSON list or comma-separated") from error
        return [origin.strip() for origin in value.split(",") if origin.strip()]

    @field_validator("database_url", "test_database_url")
    @classmethod
    def _use_async_driver(cls, value: str | None) -> str | None:
        """Accept the plain URLs that hosting providers hand out, and refuse what no driver here can open."""
        if value is None:
            return None
        try:
            url = make_url(value)
        except ArgumentError as error:
            raise ValueError("is not a database URL") from error
        url = url.set(drivername=_ASYNC_DRIVERS.get(url.drivername, url.drivername))
        if url.drivername not in _ASYNC_DRIVERS.values():
            raise ValueError("must be an sqlite or a postgresql URL")
        return url.render_as_string(hide_password=False)

    @field_validator("frontend_url")
    @classmethod
    def _drop_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("access_secret_key", "reset_password_secret_key", "verification_secret_key")
    @classmethod
    def _require_long_secret(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value().encode()) < SECRET_MIN_LENGTH:
            raise ValueError(f"must be at least {SECRET_MIN_LENGTH} bytes long")
        return value

    @model_validator(mode="after")
    def _refuse_example_secrets(self) -> Self:
        if self.environment is Environment.DEVELOPMENT:
            return self
        for name in ("access_secret_key", "reset_password_secret_key", "verification_secret_key"):
            if getattr(self, name).get_secret_value().startswith(EXAMPLE_SECRET_PREFIX):
                raise ValueError(f"{name.upper()} still has its example value")
        return self

    @property
    def mail_dir(self) -> Path:
        """Where mails are written while no `MAIL_SERVER` is set."""
        return self.var_dir / "mail"
