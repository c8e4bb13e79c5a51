"""What people write into settings: it is understood, or refused with a sentence that says what to write instead."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from app.core.config import SECRETS, Environment, Settings
from app.core.roles import Role
from app.core.setting_errors import sentences

KEY = "s" * 40


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **{**dict.fromkeys(SECRETS, KEY), **values})


NO_NUMBER = (
    "x",
    "ten",
    "1,5",
    "1 000",
    "8k",
    "64MB",
    "0x10",
    "1e",
    "--1",
    "٣٣x",
    "null",
    "None",
    "true",
    "[1]",
    "5s",
    "%d",
)
NO_INTEGER = (*NO_NUMBER, "1.5", "-1", "nan", "inf")
NO_FLOAT = (*NO_NUMBER, "-1", "nan", "inf", "1e9")
NO_CHOICE = ("x", "-", "1", "0", "yes", "ye s", "*", "null", "'off'x", "auto,on", "[]", "default", "ja")
NO_BOOLEAN = ("x", "maybe", "ja", "2", "-1", "enabled", "tru", "null", "None", "[]", "true,false", "1.5", "wahr")
JSON = {'["https://a.example"', '{"a": 1}', "[1]"}
NO_HOST = (
    *("http://localhost", "localhost:8000", "*", "a b", "a/b", "-a", "a..b", "a_b!", "10.0.0.256", "[::g]", "::1::"),
    *("me@localhost", "x" * 64, "a,b", "bü cher.de"),
)
NO_URL = (
    *("blog.example.com", "//blog.example.com", "localhost:3000", "ftp://a.example", "javascript:alert(1)", "https://"),
    *("https:///x", "https://a b.example", "https://a.example?x=1", "https://a.example/#x", "https://me@a.example"),
    *("https://a.example:99999", "https://a.example:port", "https://a.example\\x", "*"),
)
NO_DOMAIN = (
    *("*", "anna@example.com", "https://example.com", "example.com/x", "a b.com", "-a.com", "a..b", "1.2.3.4", "@"),
    *("example.com:25", "a,b@c", "exa_mple!.com", "x.invalid"),
)
NO_DATABASE = (
    *(
        "x",
        "blog.db",
        "sqlite:blog.db",
        "sqlite://blog.db",
        "sqlite:///blog.db?mode=ro",
        "file:blog.db",
        "mysql://db/b",
    ),
    *("postgresql+psycopg2://db/b", "jdbc:postgresql://db/b", "postgres://db", "postgres://db:port/b", "host=db"),
    *("postgres://db/b?sslmode=on", "postgres://db/b?pgbouncer=true", "postgres://db/b?nonsense=1"),
)
NO_SECRETS = ("x", "s" * 31, "ü" * 15, "a,b", f"{KEY},short", f"short,{KEY}", "[", "[]", '["short"]', "{}", ",", "[1]")
NO_LINE = (
    "a\nb",
    "a\rb",
    "a\x00b",
    "\u200b",
    "a\x1bb",
    "\u202eabc",
    "a\u2028b",
    "\x7f",
    "\u2066a",
    "\u00ad",
    "a\x85b",
    "\x01",
)

# Per setting: what may be written and becomes what, and what is refused.
FORMS: Mapping[str, tuple[Mapping[str, Any], Sequence[str]]] = {
    "environment": (
        {"Production": Environment.PRODUCTION, " development ": Environment.DEVELOPMENT},
        (*NO_CHOICE, "prod", "staging"),
    ),
    "host": (
        {"0.0.0.0": "0.0.0.0", "[::]": "::", "::1": "::1", "LOCALHOST": "localhost", "bücher.de": "xn--bcher-kva.de"},  # noqa: S104
        NO_HOST,
    ),
    "port": ({" 80 ": 80}, (*NO_INTEGER, "0", "65536")),
    "workers": ({"4": 4}, (*NO_INTEGER, "0", "257")),
    "drain_seconds": ({"1.5": 1.5}, (*NO_FLOAT, "601")),
    "site_name": ({" Bücher ": "Bücher", "O'Brien & Søn": "O'Brien & Søn", "🦊": "🦊"}, (*NO_LINE, "x" * 101)),
    "frontend_url": (
        {
            "https://Blog.Example.com/": "https://blog.example.com",
            "HTTPS://blog.example.com:443": "https://blog.example.com",
            "http://localhost:3000/blog//": "http://localhost:3000/blog",
            "https://bücher.de/x": "https://xn--bcher-kva.de/x",
            "http://[::1]:3000": "http://[::1]:3000",
        },
        NO_URL,
    ),
    "cors_origins": (
        {
            "https://A.example/,http://b.example:80": ["https://a.example", "http://b.example"],
            "https://bücher.de": ["https://xn--bcher-kva.de"],
            "http://[0:0::1]:3000": ["http://[::1]:3000"],
            "capacitor://localhost": ["capacitor://localhost"],
            "*": ["*"],
        },
        (
            *(
                "blog.example.com",
                "null",
                "localhost:3000",
                "https://*.example.com",
                "https://a.example/x",
                "ftp://a.example",
            ),
            *("https://a.example?x", "https://", "*.example.com", "https://me@a.example", "https://a.example:99999"),
            *("https://a b.example", "/", '["https://a.example"', '{"a": 1}'),
            *("https://a..b", "https://a..b:80", "a..b", "http://-a.de", "https://1.2.3", "https://[::g]"),
            *("capacitor://a..b", "https://a..b/x", "https://1.2.3.256"),
        ),
    ),
    "allowed_hosts": (
        {
            "[::1],localhost": ["[::1]", "localhost"],
            "::1": ["[::1]"],
            "[0:0::1]": ["[::1]"],
            "API.example.com.,*.Example.org": ["api.example.com", "*.example.org"],
            "bücher.de": ["xn--bcher-kva.de"],
            "my_api": ["my_api"],
            '["a.example"]': ["a.example"],
        },
        (
            *(
                "*",
                "https://a.example",
                "a.example:8000",
                "a.*.com",
                "*example.com",
                ".example.com",
                "a.example/x",
                "a b",
            ),
            *("[::1]:8000", "10.0.0.256", "me@a.example", "*.", "[1]", "*.[::1]"),
            *("*.1.2.3.4", "*.1.2.3.4.", ".1.2.3.4", "*.::1", ".a..b", "https://a..b/", "https://*.a.de", "a..b:1"),
        ),
    ),
    "trusted_proxies": (
        {
            "10.0.0.5": [ip_network("10.0.0.5")],
            "10.0.0.0/8, ::1": [ip_network("10.0.0.0/8"), ip_network("::1")],
            "10.0.0.0/255.0.0.0": [ip_network("10.0.0.0/8")],
            "[::1]": [ip_network("::1")],
            "[fd00::]/8": [ip_network("fd00::/8")],
            "::ffff:10.0.0.5": [ip_network("10.0.0.5")],
            "::ffff:10.0.0.0/104": [ip_network("10.0.0.0/8")],
            "fe80::1%eth0": [ip_network("fe80::1")],
            "0.0.0.0/0,::/0": [ip_network("0.0.0.0/0"), ip_network("::/0")],
        },
        (
            *(
                "*",
                "10.0.0.1/8",
                "fd00::1/8",
                "localhost",
                "nginx",
                "10.0.0.*",
                "10.0.0.5:80",
                "[::1]:80",
                "10.0.0.0/33",
            ),
            *("10.0.0.256", "10", "10.0.0.1-10.0.0.9", "true", "[10]", '{"a": 1}', "http://10.0.0.5"),
        ),
    ),
    "docs": ({"ON": "on"}, (*NO_CHOICE, "true")),
    "log_level": ({"info": "INFO"}, (*NO_CHOICE, "warn", "TRACE")),
    "slow_query_ms": ({"1": 1}, (*NO_INTEGER, "0")),
    "metrics_token": (
        {f" {KEY} ": SecretStr(KEY)},
        ("x", "x" * 15, f"{KEY}ü", f"{KEY}\t1", *(f"{KEY}{sign}a" for sign in "äöß€é\x01\x7fñø")),
    ),
    "sentry_dsn": (
        {"https://key@sentry.example.com/1": SecretStr("https://key@sentry.example.com/1")},
        (
            *(
                "x",
                "true",
                "https://sentry.io",
                "https://sentry.io/1",
                "https://key@sentry.io",
                "https://key@/1",
                "key",
            ),
            *(
                "ftp://key@sentry.io/1",
                "https://key@sentry.io/project",
                "//key@sentry.io/1",
                "https://key@sentry.io:x/1",
            ),
            *("https://[key@sentry.io/1", "https://@sentry.io/1"),
        ),
    ),
    **dict.fromkeys(
        ("var_dir", "backup_dir"),
        (
            {"/data": Path("/data"), "a b": Path("a b"), "~/x": Path.home() / "x"},
            (
                *("http://x", "s3://bucket/x", "file:///var", "a\x01", "a\nb", "a\tb", "\x7f", "a\u202eb", "redis://x"),
                *("https://a.example/x", "a\u2028b", "a\x85b", "a?b", "/dev/null", "x" * 5000),
            ),
        ),
    ),
    "backup_keep": ({"0": 0, "3650": 3650}, (*NO_INTEGER, "3651")),
    "forwarded_header": ({"Forwarded": "forwarded", "X-FORWARDED-FOR": "x-forwarded-for"}, (*NO_CHOICE, "x-real-ip")),
    "root_path": (
        {"blog/": "/blog", "/a/b": "/a/b", "/": ""},
        (
            *("https://example.com/blog", "/blog?x", "/a//b", "/..", "/a/../b", "/.", "/bl og", "/<b>", "/ü", "/a%2fb"),
            *("/a\nb", "*", "/blog#x", "/a;b"),
        ),
    ),
    "cache_bytes": ({"0": 0}, NO_INTEGER),
    "cdn_seconds": ({"60": 60}, (*NO_INTEGER, "86401")),
    "database_url": ({"postgres://db/b": "postgresql+asyncpg://db/b"}, NO_DATABASE),
    "database_direct_url": ({"postgres://db/b": "postgresql+asyncpg://db/b"}, NO_DATABASE),
    "database_replica_url": ({}, NO_DATABASE),
    "database_behind_pgbouncer": ({"off": False}, NO_BOOLEAN),
    "database_pool_size": ({"5": 5}, (*NO_INTEGER, "0")),
    "database_pool_timeout": ({"0.5": 0.5}, (*NO_FLOAT, "0")),
    "database_statement_timeout": ({"0.5": 0.5}, (*NO_FLOAT, "0")),
    "test_database_url": ({"postgres://db/b": "postgresql+asyncpg://db/b"}, NO_DATABASE),
    **{
        name: (
            {f"{KEY} , {'t' * 40}": [SecretStr(KEY), SecretStr("t" * 40)], f'["{KEY}"]': [SecretStr(KEY)]},
            NO_SECRETS,
        )
        for name in SECRETS
    },
    "access_token_expire_seconds": ({"60": 60}, (*NO_INTEGER, "59")),
    "refresh_token_expire_days": ({"1": 1}, (*NO_INTEGER, "0")),
    "auth_cookie": ({"Lax": "lax", "NONE": "none"}, (*NO_CHOICE[:-1], "on")),
    "default_role": ({"Author": Role.AUTHOR}, (*NO_CHOICE, "owner")),
    "registration": ({"Closed": "closed"}, (*NO_CHOICE, "invite")),
    **{
        name: (
            {
                "@Example.com, *.example.org.": ["example.com", "example.org"],
                ".example.com": ["example.com"],
                "xn--bcher-kva.de": ["bücher.de"],
                "BÜCHER.de": ["bücher.de"],
            },
            NO_DOMAIN,
        )
        for name in ("allowed_email_domains", "blocked_email_domains")
    },
    "private_email_domains": ({"yes": True, "0": False}, NO_BOOLEAN),
    "require_2fa_for": (
        {"Editor, admin": [Role.EDITOR, Role.ADMIN]},
        (*NO_CHOICE[:-3], "editor;admin", "all", "[", "[1]"),
    ),
    "deletion_grace_days": ({"0": 0}, (*NO_INTEGER, "91")),
    "rate_limits": ({"no": False, "ON": True}, NO_BOOLEAN),
    "redis_url": (
        {
            "redis://localhost": "redis://localhost",
            "rediss://u:p@r.example:6380/1": "rediss://u:p@r.example:6380/1",
            "unix:///run/redis.sock?db=1": "unix:///run/redis.sock?db=1",
        },
        (
            *(
                "localhost",
                "localhost:6379",
                "redis:localhost",
                "http://localhost",
                "redis://",
                "redis://localhost:port",
            ),
            *(
                "redis://localhost:99999",
                "redis://localhost/db",
                "redis://localhost?nonsense=1",
                "redis://a b",
                "x",
                "true",
            ),
            *("redis+sentinel://a", "redis://localhost/0/1"),
        ),
    ),
    **{f"{name}_client_id": ({}, NO_LINE) for name in ("google", "github", "oidc")},
    "oidc_issuer": (
        {},
        (
            *NO_URL,
            *("http://login.example.com", "https://login.example.com/.well-known/openid-configuration"),
        ),
    ),
    "oidc_name": (
        {"Okta": "okta"},
        ("google", "GitHub", "a b", "-a", "a_b", "a.b", "ü", "x" * 41, "a/b", "*", "?", "a:b"),
    ),
    "mail_server": (
        {"[::1]": "::1", "Mail.Example.com.": "mail.example.com", "bücher.de": "xn--bcher-kva.de"},
        (*NO_HOST, "smtp://mail.example.com:587"),
    ),
    "mail_port": ({"465": 465}, (*NO_INTEGER, "0", "65536")),
    "mail_security": ({"TLS": "tls"}, (*NO_CHOICE, "ssl")),
    "mail_from": (
        {"Blog@bücher.de": "Blog@bücher.de", "blog@xn--bcher-kva.de": "blog@bücher.de", "a@localhost": "a@localhost"},
        (
            *(
                "blog",
                "blog@",
                "@example.com",
                "Blog <blog@example.com>",
                "blog@example.com, b@example.com",
                "a b@c.de",
            ),
            *("blog@exa mple.com", "blog@x.invalid", "blog@1.2.3.4", "blog@-a.de", "<blog@example.com>", "a@b@c.de"),
            *("mailto:blog@example.com,", "blog@example..com"),
        ),
    ),
}
# Whatever is written there may be right.
ANYTHING = {"google_client_secret", "github_client_secret", "oidc_client_secret", "mail_username", "mail_password"}


def test_every_setting_is_here_with_a_dozen_wrong_forms() -> None:
    assert FORMS.keys() | ANYTHING == Settings.model_fields.keys()
    assert {name for name, (_, wrong) in FORMS.items() if len(set(wrong)) < 12} == set()


@pytest.mark.parametrize("name", FORMS)
def test_what_is_understood(name: str) -> None:
    right, _ = FORMS[name]

    assert {given: getattr(settings(**{name: given}), name) for given in right} == right


@pytest.mark.parametrize("name", FORMS)
def test_what_is_refused_gets_a_sentence_with_the_setting_the_value_and_a_right_one(name: str) -> None:
    is_secret = "secret" in name or name in {"metrics_token", "sentry_dsn"}
    may_hold_a_password = name in {"redis_url", *(url for url in FORMS if "database" in url and url.endswith("_url"))}
    for given in FORMS[name][1]:
        with pytest.raises(ValidationError) as refused:
            pytest.fail(f"{given!r} became {getattr(settings(**{name: given}), name)!r}")
        for sentence in sentences(refused.value, Settings.model_fields):
            assert sentence.startswith(f"Setting {name.upper()}: ")
            assert sentence.endswith(".")
            assert sentence.isprintable()
            assert re.search("such as|should|must|use|write|list|issuer|needs|leave|set", sentence)
            assert not re.search("pydantic|Input|union|Value error|unable to", sentence)
            if is_secret:
                assert len(given) < 10 or given not in sentence
            elif not may_hold_a_password:
                assert '"' in sentence


@pytest.mark.parametrize("name", ["cors_origins", "allowed_hosts", "host", "mail_server", "frontend_url"])
def test_an_address_that_is_refused_is_quoted_as_a_whole_and_the_right_one_is_right(name: str) -> None:
    for given in {*FORMS[name][1], "https://a..b", "smtp://a..b:1", "http://*.a.de", "a..b:1"} - JSON:
        with pytest.raises(ValidationError) as refused:
            settings(**{name: given})
        (sentence,) = sentences(refused.value, Settings.model_fields)
        if name in {"cors_origins", "allowed_hosts"}:
            assert f'"{given.strip()}"' in sentence
        for right in re.findall(r"such as (\S*[\w\]])", sentence):
            assert settings(**{name: right})


def test_what_the_library_says_becomes_part_of_a_sentence() -> None:
    with pytest.raises(ValidationError) as refused:
        settings(port="eighty", rate_limits="perhaps", cdn_seconds="86401")

    assert set(sentences(refused.value, Settings.model_fields)) == {
        'Setting PORT: "eighty" cannot be used: it should be a whole number, such as 8000.',
        'Setting RATE_LIMITS: "perhaps" cannot be used: it should be true or false, such as true.',
        'Setting CDN_SECONDS: "86401" cannot be used: it should be less than or equal to 86400, such as 0.',
    }


@pytest.mark.parametrize("name", sorted(FORMS.keys() - set(SECRETS)))
def test_space_is_no_value(name: str) -> None:
    assert getattr(settings(**{name: " \t\n"}), name) == getattr(settings(), name)


def test_a_required_setting_that_is_missing_is_named() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None)

    assert sentences(refused.value, Settings.model_fields) == [
        f"Setting {name.upper()}: it is required, and not set." for name in SECRETS
    ]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"mail_from": "blog@localhost"}, "MAIL_FROM has localhost"),
        ({"mail_from": "blog@nas.home.arpa"}, "MAIL_FROM"),
        ({"allowed_email_domains": "example.com,corp.internal"}, "ALLOWED_EMAIL_DOMAINS has corp.internal"),
    ],
)
def test_in_production_private_domains_have_to_be_asked_for(values: dict[str, Any], named: str) -> None:
    assert settings(**values)
    assert settings(**values, environment="production", private_email_domains=True)
    with pytest.raises(ValidationError, match=f"{named}.*PRIVATE_EMAIL_DOMAINS"):
        settings(**values, environment="production")


@pytest.mark.parametrize("values", [{"mail_username": "blog"}, {"mail_password": "hidden"}])
def test_half_a_login_at_the_mail_server_is_none(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="MAIL_USERNAME and MAIL_PASSWORD") as refused:
        settings(**values)
    assert "hidden" not in str(refused.value)


def test_bytes_that_the_systems_encoding_hides_are_read() -> None:
    hidden = "Bücher".encode().decode("ascii", "surrogateescape")

    assert settings(site_name=hidden).site_name == "Bücher"
