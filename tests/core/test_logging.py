"""What a line of the log looks like, and what is taken out of it."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from app.core.config import Environment
from app.core.logging import LogFormatter, request_id
from app.core.redaction import redact, redact_all
from tests.process.processes import ROOT, environment
from tests.support.log_watch import LogWatch

PRODUCTION = LogFormatter(Environment.PRODUCTION)
DEVELOPMENT = LogFormatter(Environment.DEVELOPMENT)
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def in_request() -> Iterator[None]:
    token = request_id.set("request-7")
    yield
    request_id.reset(token)


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.getLogger("another.library").makeRecord(
        "another.library", logging.WARNING, "file.py", 1, message, arguments, None
    )
    made.__dict__.update(extra)
    return made


def failed(error: Exception) -> logging.LogRecord:
    made = record("it failed")
    try:
        password = "a kettle of blue ink"  # noqa: F841 - must not be shown
        raise error
    except type(error):
        made.exc_info = sys.exc_info()
    return made


@pytest.mark.usefixtures("in_request")
def test_in_production_a_line_is_one_json_object() -> None:
    text = PRODUCTION.format(record("%d mails\nare late", 3, route="/articles/{slug}", color_message="\x1b[1m"))
    line = json.loads(text)

    assert "\n" not in text
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "3 mails\nare late",
        "route": "/articles/{slug}",
        "request_id": "request-7",
        "level": "warning",
        "logger": "another.library",
    }


@pytest.mark.usefixtures("in_request")
def test_in_development_a_line_is_for_reading() -> None:
    text = DEVELOPMENT.format(record("%d mails are late", 3, queries=2))

    assert "3 mails are late" in text
    assert "request-7" in text
    assert "queries" in text


@pytest.mark.parametrize("form", [PRODUCTION, DEVELOPMENT], ids=["production", "development"])
def test_an_error_is_logged_with_its_traceback_and_without_values(form: logging.Formatter) -> None:
    text = form.format(failed(ValueError(f"no good: {JWT}")))

    assert "ValueError: no good: [jwt]" in text
    assert "test_logging.py" in text
    assert "'a kettle of blue ink'" not in text


@pytest.mark.parametrize("form", [PRODUCTION, DEVELOPMENT], ids=["production", "development"])
def test_what_others_quote_is_taken_out(form: logging.Formatter) -> None:
    text = form.format(record("Key (email)=(%s) exists", "wen@example.com", tokens=["clp_0123456789abc"]))

    assert "wen" not in text
    assert "clp_" not in text
    assert "Key (email)=([email]) exists" in text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("to wen+blog@mail.example.com, at once", "to [email], at once"),
        ("<wen@example.com>", "<[email]>"),
        ("über@exämple.com", "[email]"),
        (f"Bearer {JWT}", "Bearer [jwt]"),
        ("clr_AbCdEf-1234567", "[token]"),
        ("postgresql://blog:pass%40word@db:5432/blog", "postgresql://[login]@db:5432/blog"),
        ("redis://:secret@redis/0", "redis://[login]@redis/0"),
        ("nothing to hide: clap at 10@home", "nothing to hide: clap at 10@home"),
        ("GET /@wen", "GET /@wen"),
    ],
)
def test_what_is_taken_out_of_a_text(text: str, left: str) -> None:
    assert redact(text) == left


def test_what_is_inside_of_other_things_is_taken_out_too() -> None:
    assert redact_all({"to": [("wen@example.com", 1)], "count": 2}) == {"to": [["[email]", 1]], "count": 2}


def test_the_servers_own_access_log_is_off() -> None:
    """In a process of its own: it is about the loggers of all."""
    script = """
import logging, sys
from app.core.config import Settings
from app.core.logging import configure
logging.getLogger("uvicorn.access").addHandler(logging.StreamHandler())
configure(Settings(_env_file=None, **dict.fromkeys(
    ("access_secret_key", "reset_password_secret_key", "verification_secret_key"), "x" * 32)))
sys.exit(logging.getLogger("uvicorn.access").hasHandlers() or not logging.getLogger("uvicorn.error").hasHandlers())
"""
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment(), check=False).returncode == 0


@pytest.mark.parametrize("secret", ["wen@example.com", JWT, "clp_0123456789abc", "nine loud herons"])
def test_the_watch_over_the_suite_sees_what_is_logged(secret: str) -> None:
    watch = LogWatch()
    watch.emit(record("hello"))
    assert (watch.lines, watch.found) == (1, [])

    watch.emit(record("for %s", secret))
    watch.emit(record("hello", login=secret))
    watch.emit(failed(ValueError(secret)))
    assert len(watch.found) == 3
