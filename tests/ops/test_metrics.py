"""What Prometheus is told, and who is told it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr, ValidationError
from sqlalchemy import null, text
from sqlalchemy.exc import DBAPIError

from app.cache.store import ResponseStore
from app.core import clock
from app.core.errors import TooManyRequests
from app.core.rate_limiter import Limit, RateLimiter
from app.core.roles import Role
from app.db import query_log
from app.db.session import Database, open_database
from app.main import create_app
from app.ops.metrics_sampler import MetricsSampler
from app.queue.models import Job
from tests.conftest import settings_for
from tests.support.databases import Template
from tests.support.log_watch import LogWatch
from tests.support.metrics import value
from tests.support.outages import unusable_databases
from tests.support.users import Users

TOKEN = "a token of the tests"
ROOT = "http://blog.example.com"
ACCOUNT = {"method": "GET", "route": "/api/v1/users/{user_id}"}


@pytest.fixture
async def scraper(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Prometheus, at an app on the same database that may be watched."""
    watched = create_app(app.state.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)}))
    watched.state.database = app.state.database
    transport = httpx.ASGITransport(watched)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url=ROOT, headers=headers) as client:
        yield client


async def scraped(scraper: httpx.AsyncClient) -> dict[str, float]:
    """The series without labels."""
    response = await scraper.get("/metrics")
    assert response.status_code == 200
    families = text_string_to_metric_families(response.text)
    return {sample.name: sample.value for family in families for sample in family.samples if not sample.labels}


async def test_without_a_token_in_the_settings_there_is_no_such_path(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get(f"{ROOT}/metrics")).status_code == 404


@pytest.mark.parametrize("given", [None, "", TOKEN, "Bearer ", "Bearer another", f"Basic {TOKEN}", "Bearer ü"])
@pytest.mark.one_database
async def test_who_does_not_have_the_token_is_told_nothing(scraper: httpx.AsyncClient, given: str | None) -> None:
    del scraper.headers["Authorization"]
    headers = {} if given is None else {b"Authorization": given.encode()}
    response = await scraper.get("/metrics", headers=headers)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "colophon_" not in response.text


async def test_it_is_never_kept_and_not_in_the_document(scraper: httpx.AsyncClient, app: FastAPI) -> None:
    response = await scraper.get("/metrics")

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "/metrics" not in app.openapi()["paths"]


async def test_requests_are_counted_by_the_template_of_their_route(anonymous: httpx.AsyncClient) -> None:
    before = value("http_requests_total", **ACCOUNT, status="401")
    timed = value("http_request_duration_seconds_count", **ACCOUNT)
    for number in (1, 2):
        await anonymous.get(f"/users/{number}")

    assert value("http_requests_total", **ACCOUNT, status="401") == before + 2
    assert value("http_request_duration_seconds_count", **ACCOUNT) == timed + 2


async def test_what_anybody_can_make_up_is_counted_as_one(anonymous: httpx.AsyncClient) -> None:
    labels = {"method": "OTHER", "route": "unmatched", "status": "404"}
    before = value("http_requests_total", **labels)
    await anonymous.request("BREW", "/coffee")
    await anonymous.request("WHEN", "/milk")

    assert value("http_requests_total", **labels) == before + 2


async def test_nothing_is_in_progress_once_all_is_answered(scraper: httpx.AsyncClient) -> None:
    await scraper.get("/nothing")
    assert value("http_requests_in_progress") == 0
    assert (await scraped(scraper))["colophon_http_requests_in_progress"] == 1


async def test_queries_are_counted(reader: httpx.AsyncClient) -> None:
    before = value("db_query_duration_seconds_count")
    await reader.get("/users/me")

    assert value("db_query_duration_seconds_count") > before


async def test_logins_are_counted(anonymous: httpx.AsyncClient) -> None:
    failed, succeeded = (value("logins_total", outcome=outcome) for outcome in ("failed", "succeeded"))
    await anonymous.post("/auth/login", data={"username": "nobody", "password": "nine loud herons"})

    assert value("logins_total", outcome="failed") == failed + 1
    assert value("logins_total", outcome="succeeded") == succeeded


async def test_tries_that_a_limit_refuses_are_counted() -> None:
    limiter, limit = RateLimiter(None), Limit("tests", "1/minute")
    await limiter.hit(limit, "key")
    assert value("limits_hit_total", limit="tests") == 0
    for _ in range(2):
        with pytest.raises(TooManyRequests):
            await limiter.hit(limit, "key")

    assert value("limits_hit_total", limit="tests") == 2


async def test_it_says_which_jobs_wait(scraper: httpx.AsyncClient, database: Database) -> None:
    async with database.writing() as session:
        for due in (clock.now(), clock.now(), null()):
            session.add(Job(kind="mail", run_at=due))
        await session.commit()
    families = text_string_to_metric_families((await scraper.get("/metrics")).text)
    numbers = {(s.name, s.labels.get("kind")): s.value for family in families for s in family.samples}

    assert numbers["colophon_jobs_waiting", "mail"] == 2
    assert numbers["colophon_jobs_dead", "mail"] == 1
    assert 0 <= numbers["colophon_jobs_oldest_due_seconds", "mail"] < 60
    # A kind without jobs is there too: its absence would be no number to be alarmed by.
    assert numbers["colophon_jobs_dead", "mail_request"] == 0


def pool_numbers(pool: str) -> tuple[float, float, float]:
    names = ("db_pool_connections_in_use", "db_pool_connections_open", "db_pool_size")
    in_use, are_open, size = (value(name, pool=pool) for name in names)
    return in_use, are_open, size


async def test_it_says_how_full_each_pool_is(live_app: FastAPI, template: Template) -> None:
    database = live_app.state.database
    writing, reading = ("writing", "reading") if template.is_sqlite else ("shared", "shared")
    size = database.reading_engine.pool.size()
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
        await MetricsSampler().report(database)
        assert pool_numbers(reading) == (1, 1, size)
    # Asking for the jobs took another one, after the numbers were taken.
    await MetricsSampler().report(database)
    assert pool_numbers(reading) == (0, 2, size)
    async with database.writing() as session:
        await session.execute(text("SELECT 1"))
        await MetricsSampler().report(database)
        # On SQLite the pool of the one that writes is full, however many could read.
        assert pool_numbers(writing) == ((1, 1, 1) if template.is_sqlite else (1, 2, size))
    await MetricsSampler().report(database)
    assert pool_numbers(writing)[0] == 0


async def test_it_says_what_the_cache_has_done(database: Database) -> None:
    store = ResponseStore(1000)
    sampler = MetricsSampler(store)
    before = [value(f"cache_{name}_total") for name in ("hits", "fills", "invalidations")]
    for hits in (3, 5):
        store.hits, store.fills, store.bytes = hits, 2, 700
        store.invalidate(["article:1"])
        await sampler.report(database)

    after = [value(f"cache_{name}_total") for name in ("hits", "fills", "invalidations")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [5, 2, 2]
    assert (value("cache_entries"), value("cache_bytes")) == (0, 700)


async def test_without_a_database_it_says_what_is_known_without_it(template: Template, tmp_path: Path) -> None:
    for url in unusable_databases(template, tmp_path):
        database = open_database(url)
        report = (await MetricsSampler().report(database)).decode()
        await database.dispose()
        assert "colophon_http_requests_total" in report
        assert "colophon_jobs_waiting" not in report


async def test_a_line_is_logged_for_each_request(users: Users, caplog: pytest.LogCaptureFixture) -> None:
    user = await users.user()
    reader = await users.client_for(user)
    with caplog.at_level(logging.INFO, "app.access"):
        caplog.clear()
        await reader.get("/users/777?limit=1", headers={"X-Request-ID": "mine-1"})
        await reader.get(f"{ROOT}/health/live")
    [line] = [record for record in caplog.records if record.name == "app.access" and record.levelno == logging.INFO]

    logged = {name: getattr(line, name) for name in ("method", "route", "status", "user_id")}
    assert logged == {"method": "GET", "route": ACCOUNT["route"], "status": 403, "user_id": user.id}
    assert line.__dict__["queries"] >= 1
    assert 0 < line.__dict__["query_ms"] < line.__dict__["duration_ms"]
    assert "777" not in str(logged)
    assert str(user.username) not in str(line.__dict__)


async def test_the_suites_watch_reads_what_is_logged(anonymous: httpx.AsyncClient, log_watch: LogWatch) -> None:
    before = log_watch.lines
    await anonymous.get(f"{ROOT}/health/live")

    # At DEBUG too, which most servers do not log.
    assert log_watch.lines == before + 1


async def test_a_request_that_fails_is_counted_and_logged_as_such(
    app: FastAPI, anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state, "database", None)
    before = value("http_requests_total", **ACCOUNT, status="500")
    assert (await anonymous.get("/users/1")).status_code == 500

    assert value("http_requests_total", **ACCOUNT, status="500") == before + 1
    assert caplog.records[-1].__dict__["status"] == 500


@pytest.fixture
def everything_is_slow() -> Iterator[None]:
    query_log.set_slow_query_threshold(0)
    yield
    query_log.set_slow_query_threshold(query_log.DEFAULT_SLOW_MS)


@pytest.mark.usefixtures("everything_is_slow")
async def test_slow_queries_are_logged_with_their_route_and_without_values(
    anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    before = value("db_slow_queries_total")
    caplog.clear()
    await anonymous.post("/auth/login", data={"username": "a-very-slow-name", "password": "nine loud herons"})
    lines = [record.__dict__ for record in caplog.records if record.getMessage() == "slow query"]

    assert lines
    assert value("db_slow_queries_total") == before + len(lines)
    assert {line["route"] for line in lines} == {"/api/v1/auth/login"}
    assert any(line["statement"].startswith("SELECT") for line in lines)
    assert all("a-very-slow-name" not in str(line) for line in lines)


async def test_a_query_that_fails_is_counted_too(database: Database) -> None:
    before = value("db_query_duration_seconds_count")
    async with database.reading() as session:
        with pytest.raises(DBAPIError, match="no_such_table"):
            await session.execute(text("SELECT 1 FROM no_such_table"))

    assert value("db_query_duration_seconds_count") == before + 1


async def test_requests_at_once_do_not_count_each_others_queries(
    live_users: Users, caplog: pytest.LogCaptureFixture
) -> None:
    client = await live_users.client(Role.READER)
    await client.get("/users/me")
    caplog.clear()
    await asyncio.gather(*(client.get("/users/me") for _ in range(5)))
    counts = [record.__dict__["queries"] for record in caplog.records if record.name == "app.access"]

    assert len(counts) == 5
    assert len(set(counts)) == 1
    assert counts[0] >= 1


def test_a_token_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="at least 16 characters"):
        settings_for("sqlite://", tmp_path, metrics_token="short")
