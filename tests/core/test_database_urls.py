"""URLs of databases in the forms in which hosting providers hand them out."""

from pathlib import Path

import pytest

from app.core.database_urls import PostgresqlAddress, password_of, usable_database_url, without_secrets

HERE = "postgresql+asyncpg://"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://blog:p%40ss@db:5432/blog", "blog:p%40ss@db:5432/blog"),
        ("postgresql://blog@db/blog", "blog@db/blog"),
        ("POSTGRES://blog@db/blog", "blog@db/blog"),
        ("  postgres://blog@db/blog\n", "blog@db/blog"),
        ("postgresql+asyncpg://blog@db/blog", "blog@db/blog"),
        # Passwords that should have been percent-encoded.
        ("postgresql://blog:p#s/s?[:1@db:5432/blog", "blog:p%23s%2Fs%3F%5B%3A1@db:5432/blog"),
        ("postgres://blog:a@b@db/blog", "blog:a%40b@db/blog"),
        ("postgres://blog:123/45@db/blog", "blog:123%2F45@db/blog"),
        ("postgres://blog:12?x@db/blog?sslmode=disable", "blog:12%3Fx@db/blog?sslmode=disable"),
        ("postgres://blog:100%@db/blog", "blog:100%25@db/blog"),
        ("postgres://blog:a+b@db/blog", "blog:a%2Bb@db/blog"),
        ("postgres://me%40tenant:p%C3%BC@db/blog", "me%40tenant:p%C3%BC@db/blog"),
        ("postgres://blog:@db/blog", "blog@db/blog"),
        # Hosts.
        ("postgresql://blog@[::1]:5432/blog", "blog@[::1]:5432/blog"),
        ("postgresql://blog@[fe80::1]/blog", "blog@[fe80::1]/blog"),
        ("postgresql:///blog", "/blog"),
        ("postgresql:///blog?host=/run/postgresql", "/blog?host=/run/postgresql"),
        ("postgresql:///blog?host=/run/postgresql&port=5433", "/blog?host=/run/postgresql&port=5433"),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/blog", "/blog?host=/var/run/postgresql"),
        ("postgresql://u:p@/blog?host=/cloudsql/project:region:db", "u:p@/blog?host=/cloudsql/project:region:db"),
        ("postgresql://u@%2Frun%2Fpg:5433/blog", "u@/blog?host=/run/pg&port=5433"),
        ("postgresql://u@/blog?host=db.example.com&port=6543", "u@db.example.com:6543/blog"),
        ("postgresql://u@a:5432,b:5433/blog", "u@/blog?host=a,b&port=5432,5433"),
        ("postgresql://u@a,b/blog?target_session_attrs=primary", "u@/blog?host=a,b&target_session_attrs=primary"),
        ("postgresql://u@a,[::1]:7/blog", "u@/blog?host=a,[::1]&port=5432,7"),
        ("postgresql:///blog?host=a,b&port=1,2&user=u", "u@/blog?host=a,b&port=1,2"),
        ("postgresql://%2Fcloudsql%2Fa%3Ab/blog", "/blog?host=/cloudsql/a:b"),
        ("postgresql:///blog?host=a:1,b:2", "/blog?host=a,b&port=1,2"),
        # Databases and credentials elsewhere than usual.
        ("postgresql://blog@db", "blog@db/blog"),
        ("postgresql://blog@db/", "blog@db/blog"),
        ("postgresql://db/?user=u&password=p%2Bw&dbname=b", "u:p%2Bw@db/b"),
        ("postgresql://db/my%20blog", "db/my blog"),
        # Parameters.
        ("postgres://db/b?sslmode=require", "db/b?sslmode=require"),
        ("postgres://db/b?sslmode=", "db/b"),
        ("postgres://db/b?ssl=true", "db/b?sslmode=require"),
        ("postgres://db/b?ssl=require", "db/b?sslmode=require"),
        ("postgres://db/b?ssl=false", "db/b?sslmode=disable"),
        ("postgres://db/b?ssl=true&sslmode=verify-full", "db/b?sslmode=verify-full"),
        ("postgres://db/b?sslrootcert=system", "db/b?sslrootcert=system&sslmode=verify-full"),
        (
            "postgres://db/b?sslmode=require&channel_binding=require",
            "db/b?sslmode=require&channel_binding=require",
        ),
        ("postgres://db/b?application_name=my%20blog", "db/b?application_name=my%20blog"),
        ("postgres://db/b?options=endpoint%3Dep-cool-1", "db/b?options=endpoint%3Dep-cool-1"),
        ("postgres://db/b?options=project=cool", "db/b?options=project%3Dcool"),
        (
            "postgres://db/b?options=-c+statement_timeout%3D5s",
            "db/b?options=-c%20statement_timeout%3D5s",
        ),
        ("postgresql+asyncpg://db/b?application_name=my+blog", "db/b?application_name=my%20blog"),
        ("postgresql://db/b?application_name=a+b", "db/b?application_name=a%2Bb"),
        ("postgres://db/b?connect_timeout=10", "db/b?connect_timeout=10"),
        ("postgres://db/b?sslmode=require&sslnegotiation=direct", "db/b?sslmode=require&sslnegotiation=direct"),
        ("postgres://db/b?gssencmode=disable&client_encoding=utf8&schema=public", "db/b"),
    ],
)
def test_the_forms_of_postgresqls_urls(given: str, used: str) -> None:
    url = usable_database_url(given)

    assert url == HERE + used
    assert usable_database_url(url) == url


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///var/blog.db", "sqlite+aiosqlite:///var/blog.db"),
        ("sqlite:////data/blog.db", "sqlite+aiosqlite:////data/blog.db"),
        ("SQLite:///blog.db", "sqlite+aiosqlite:///blog.db"),
        ("sqlite+aiosqlite:///my blog.db", "sqlite+aiosqlite:///my blog.db"),
        ("sqlite:///süß.db", "sqlite+aiosqlite:///süß.db"),
        ("sqlite://", "sqlite+aiosqlite://"),
        ("sqlite:///:memory:", "sqlite+aiosqlite:///:memory:"),
    ],
)
def test_the_forms_of_sqlites_urls(given: str, used: str) -> None:
    assert usable_database_url(given) == used
    assert usable_database_url(used) == used


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "not a database URL"),
        ("blog.db", "not a database URL"),
        ("file:blog.db", "not a database URL"),
        ("sqlite:blog.db", "not a database URL"),
        ("/var/blog.db", "not a database URL"),
        ("host=db user=blog password=hidden", "not a database URL"),
        ("jdbc:postgresql://db/blog", "not a database URL"),
        ("psql 'postgres://blog:hidden@db/blog'", "not a database URL"),
        ("mysql://root:hidden@db/blog", "SQLite or PostgreSQL"),
        ("http://db/blog", "SQLite or PostgreSQL"),
        ("postgresql+psycopg2://blog:hidden@db/blog", "SQLite or PostgreSQL"),
        ("sqlite://blog.db", "three slashes"),
        ("sqlite://./blog.db", "three slashes"),
        ("sqlite:///file:blog.db?mode=ro&uri=true", "no parameters"),
        ("sqlite:///blog.db?timeout=5", "no parameters"),
        (r"sqlite:///C:\blog\blog.db", "Windows"),
        ("sqlite:///C:/blog/blog.db", "Windows"),
        ("sqlite:///", "has no path"),
        ("sqlite+aiosqlite:///", "has no path"),
        ("postgresql://blog:hidden@db:port/blog", "not a database URL"),
        ("postgresql://blog:hidden@db:99999/blog", "host or port"),
        ("postgresql://blog:hidden@db:0/blog", "host or port"),
        ("postgresql://blog:hidden@a,b/blog?port=1,2,3", "ports"),
        ("postgresql://db", "no database"),
        ("postgresql://blog:hidden@db/a/b", "not a database URL"),
        ("postgresql://blog:hidden@db/a%3Fb", "no database"),
        ("postgresql://blog:hidden@db/blog?", ""),
        ("postgresql://blog:hidden@db/blog?sslmode", "without a value"),
        ("postgresql://blog:hidden@db/blog?sslmode=no-verify", "sslmode.*disable, allow"),
        ("postgresql://blog:hidden@db/blog?SSLMODE=require", "SSLMODE"),
        ("postgresql://blog:hidden@db/blog?channel_binding=yes", "channel_binding"),
        ("postgresql://blog:hidden@db/blog?sslmode=disable&channel_binding=require", "channel_binding"),
        ("postgresql://blog:hidden@db/blog?target_session_attrs=master", "target_session_attrs"),
        ("postgresql://blog:hidden@db/blog?gssencmode=require", "gssencmode"),
        ("postgresql://blog:hidden@db/blog?sslnegotiation=direct", "sslnegotiation"),
        ("postgresql://blog:hidden@db/blog?sslrootcert=/no/such/file", "sslrootcert.*no such file"),
        ("postgresql://blog:hidden@db/blog?sslcert=system", "sslcert.*no such file"),
        ("postgresql://blog:hidden@db/blog?passfile=/no/such/file", "passfile"),
        ("postgresql://blog:hidden@db/blog?connect_timeout=soon", "connect_timeout"),
        ("postgresql://blog:hidden@db/blog?connect_timeout=0", "connect_timeout"),
        ("postgresql://blog:hidden@db/blog?connect_timeout=%D9%A3", "connect_timeout"),
        ("postgresql://blog:hidden@db/blog?pgbouncer=true", "pgbouncer.*DATABASE_BEHIND_PGBOUNCER"),
        ("postgresql://blog:hidden@db/blog?connection_limit=1", "connection_limit.*DATABASE_POOL_SIZE"),
        ("postgresql://blog:hidden@db/blog?schema=blog", "schema.*public"),
        ("postgresql://blog:hidden@db/blog?service=blog", "service"),
        ("postgresql://blog:hidden@db/blog?hostaddr=10.0.0.1", "hostaddr.*host"),
        ("postgresql://blog:hidden@db/blog?sslpassword=hidden", "sslpassword"),
        ("postgresql://blog:hidden@db/blog?keepalives=1", "keepalives"),
        ("postgresql://blog:hidden@db/blog?a%0Ab=1", "parameter a.b,"),
        ("postgresql://blog:hidden@db/blog?client_encoding=latin1", "client_encoding"),
        ("postgresql://blog:hidden@db/blog#x", "not a database URL"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence_without_the_password(url: str, reason: str) -> None:
    if not reason:
        assert usable_database_url(url)
        return
    with pytest.raises(ValueError, match=reason) as refused:
        usable_database_url(url)

    assert "hidden" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_files_that_are_there_are_taken(tmp_path: Path) -> None:
    root = tmp_path / "root & certificate.crt"
    root.touch()

    url = usable_database_url(f"postgresql://db/blog?sslmode=verify-ca&sslrootcert={str(root).replace('&', '%26')}")

    assert PostgresqlAddress.parse(url).parameters == {"sslmode": "verify-ca", "sslrootcert": str(root)}


def test_the_last_of_two_parameters_counts() -> None:
    assert usable_database_url("postgres://db/b?sslmode=allow&sslmode=require").endswith("?sslmode=require")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://u:hidden@db:1/b?application_name=x", "postgresql+asyncpg://u:***@db:1/b"),
        ("postgres://u@db/b?password=hidden", "postgresql+asyncpg://u:***@db/b"),
        ("postgres://u:hidden@a:1,b:2/b", "postgresql+asyncpg://u:***@/b?host=a,b&port=1,2"),
        ("sqlite:///blog.db", "sqlite+aiosqlite:///blog.db"),
    ],
)
def test_what_is_shown_has_no_password(url: str, shown: str) -> None:
    usable = usable_database_url(url)

    assert without_secrets(usable) == shown
    assert password_of(usable) == ("hidden" if "hidden" in url else None)
