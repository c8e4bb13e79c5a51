"""Settings: which values are understood, and which are refused before anything starts."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.config import EXAMPLE_SECRET_PREFIX, Settings
from app.core.roles import Role
from app.core.setting_types import SECRET_MIN_LENGTH
from commands.serving.warnings import warnings_for_production

SECRETS = ("access_secret_key", "reset_password_secret_key", "verification_secret_key")


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **{**dict.fromkeys(SECRETS, "s" * SECRET_MIN_LENGTH), **values})


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("https://a.example", ["https://a.example"]),
        ("https://a.example, https://b.example:8080 ,", ["https://a.example", "https://b.example:8080"]),
        ('["https://a.example", "https://b.example"]', ["https://a.example", "https://b.example"]),
        (' ["https://a.example"]', ["https://a.example"]),
        ("[]", []),
        ("", []),
        (" , ", []),
        ("*", ["*"]),
    ],
)
def test_origins_are_a_comma_separated_or_a_json_list(
    monkeypatch: pytest.MonkeyPatch, text: str, origins: list[str]
) -> None:
    monkeypatch.setenv("CORS_ORIGINS", text)

    assert settings().cors_origins == origins


@pytest.mark.parametrize("text", ['["https://a.example"', '[{"a": 1}]', "[1]"])
def test_a_broken_list_of_origins_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CORS_ORIGINS", text)

    with pytest.raises(ValidationError, match="cors_origins"):
        settings()


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://blog:p%40ss@db:5432/blog", "postgresql+asyncpg://blog:p%40ss@db:5432/blog"),
        ("postgresql://blog@db/blog", "postgresql+asyncpg://blog@db/blog"),
        ("postgresql://blog:p#s/s?[:1@db:5432/blog", "postgresql+asyncpg://blog:p%23s%2Fs%3F%5B%3A1@db:5432/blog"),
        ("postgresql://blog@[::1]:5432/blog", "postgresql+asyncpg://blog@[::1]:5432/blog"),
        ("postgresql:///blog?host=/run/postgresql", "postgresql+asyncpg:///blog?host=/run/postgresql"),
        ("postgresql+asyncpg://blog@db/blog", "postgresql+asyncpg://blog@db/blog"),
        ("sqlite:///var/blog.db", "sqlite+aiosqlite:///var/blog.db"),
        ("sqlite+aiosqlite:////data/blog.db", "sqlite+aiosqlite:////data/blog.db"),
    ],
)
def test_plain_database_urls_become_asynchronous(given: str, used: str) -> None:
    assert settings(database_url=given).database_url == used
    assert settings(test_database_url=given).test_database_url == used


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root@db/blog",
        "postgresql+psycopg2://blog@db/blog",
        "blog.db",
        "http://db/blog",
        "postgresql://blog@db:port/blog",
    ],
)
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="database_url"):
        settings(database_url=url)


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_is_refused(name: str) -> None:
    secrets = {other: "s" * SECRET_MIN_LENGTH for other in SECRETS if other != name}

    with pytest.raises(ValidationError, match=name):
        Settings(_env_file=None, **secrets)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_short_secret_is_refused_everywhere(name: str, environment: str) -> None:
    with pytest.raises(ValidationError, match=f"{name}\n.*at least {SECRET_MIN_LENGTH} bytes"):
        settings(environment=environment, **{name: "s" * (SECRET_MIN_LENGTH - 1)})


def test_the_length_of_a_secret_is_counted_in_bytes() -> None:
    assert settings(access_secret_key="ü" * (SECRET_MIN_LENGTH // 2))


@pytest.mark.parametrize("name", SECRETS)
def test_an_example_secret_is_refused_in_production_only(name: str) -> None:
    example = {name: EXAMPLE_SECRET_PREFIX + "x" * SECRET_MIN_LENGTH}

    assert settings(**example)
    with pytest.raises(ValidationError, match=name.upper()):
        settings(environment="production", **example)


def test_a_refusal_does_not_repeat_the_secret() -> None:
    with pytest.raises(ValidationError) as caught:
        settings(access_secret_key="short-but-private")

    assert "short-but-private" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    shown = repr(settings(mail_username="blog", mail_password="p" * 40))

    assert "s" * SECRET_MIN_LENGTH not in shown
    assert "p" * 40 not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 0),
        ("port", 65536),
        ("mail_port", "smtp"),
        ("environment", "staging"),
        ("log_level", "LOUD"),
        ("frontend_url", "blog.example.com"),
        ("frontend_url", "javascript:alert(1)"),
        ("site_name", "two\nlines"),
        ("site_name", ""),
        ("default_role", "owner"),
        ("mail_security", "ssl"),
        ("access_token_expire_seconds", 59),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        settings(**{name: value})


def test_an_empty_variable_is_the_same_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("MAIL_SERVER", "")

    assert settings().port == 8000
    assert settings().mail_server is None


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFAULT_ROLE", "author")
    monkeypatch.setenv("VAR_DIR", "/data")

    assert settings().default_role is Role.AUTHOR
    assert settings().mail_dir == Path("/data/mail")


def test_links_in_mails_do_not_get_two_slashes() -> None:
    assert settings(frontend_url="https://blog.example.com/").frontend_url == "https://blog.example.com"


def test_production_does_not_log_what_is_stored() -> None:
    assert settings(log_level="DEBUG")
    with pytest.raises(ValidationError, match="LOG_LEVEL"):
        settings(environment="production", log_level="DEBUG")


def test_cookies_and_every_origin_do_not_go_together() -> None:
    assert settings(environment="production", cors_origins="*")
    for environment in ("development", "production"):
        with pytest.raises(ValidationError, match="CORS_ORIGINS"):
            settings(environment=environment, cors_origins="*", auth_cookie="lax")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"frontend_url": "http://localhost:3000"}, "FRONTEND_URL"),
        ({"frontend_url": "http://[::1]:3000"}, "FRONTEND_URL"),
        ({"rate_limits": False}, "RATE_LIMITS"),
        ({"workers": 2}, "WORKERS"),
        ({"workers": 2, "redis_url": "redis://redis:6379/0"}, ""),
        ({"allowed_hosts": []}, "ALLOWED_HOSTS"),
        ({"mail_server": None}, "MAIL_SERVER"),
        ({}, ""),
    ],
)
def test_what_is_probably_not_meant_is_mentioned(values: dict[str, Any], named: str) -> None:
    fine = {
        "environment": "production",
        "frontend_url": "https://blog.example.com",
        "allowed_hosts": ["api.example.com"],
        "mail_server": "mail.example.com",
    }

    warnings = list(warnings_for_production(settings(**{**fine, **values})))

    assert [warning.split()[0] for warning in warnings] == ([named] if named else [])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"database_replica_url": "postgresql://replica/blog"}, "require PostgreSQL"),
        ({"database_behind_pgbouncer": True, "database_direct_url": "postgresql://db/blog"}, "require PostgreSQL"),
        ({"database_url": "postgresql://db/blog", "database_replica_url": "sqlite:///copy.db"}, "require PostgreSQL"),
        ({"database_url": "postgresql://pool/blog", "database_behind_pgbouncer": True}, "requires DATABASE_DIRECT_URL"),
    ],
)
def test_replicas_and_poolers_are_postgresqls(values: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        settings(**values)
