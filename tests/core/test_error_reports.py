"""What leaves for Sentry when something unexpected happens: enough to mend it, and nothing about people."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from pydantic import ValidationError
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from app.core import config, error_reports
from app.core.current_request import CurrentRequest, current_request
from app.core.logging import request_id
from tests.conftest import settings_for

DSN = "https://public@errors.example.com/1"
FOLDER = Path("unused")
reports: list[dict[str, Any]] = []


class Kept(Transport):
    def capture_envelope(self, envelope: Envelope) -> None:
        reports.extend(item.payload.json for item in envelope.items if item.payload.json)


@pytest.fixture(autouse=True)
def _reporting() -> Iterator[None]:
    reports.clear()
    error_reports.configure(settings_for("sqlite://", FOLDER, sentry_dsn=DSN), Kept)
    tokens = request_id.set("request-9"), current_request.set(CurrentRequest(lambda: "/users/{user_id}"))
    yield
    request_id.reset(tokens[0])
    current_request.reset(tokens[1])
    sentry_sdk.get_client().close()
    sentry_sdk.init()


def fail(_password: str) -> None:
    raise RuntimeError("Key (email)=(wen@example.com) exists")


def test_an_unexpected_error_is_reported_with_the_requests_id() -> None:
    try:
        fail("a kettle of blue ink")
    except RuntimeError:
        logging.getLogger("another.library").exception("unexpected error")

    [report] = reports
    assert report["tags"] == {"request_id": "request-9", "route": "/users/{user_id}"}
    assert report["exception"]["values"][0]["value"] == "Key (email)=([email]) exists"
    frames = report["exception"]["values"][0]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "fail"
    assert all("vars" not in frame for frame in frames)


def test_what_is_no_error_is_not_reported() -> None:
    logging.getLogger("another.library").warning("a constraint was violated")

    assert reports == []


def test_nothing_of_the_request_is_reported_whoever_adds_it() -> None:
    def add_request(event: Any, _hint: Any) -> Any:
        event["request"] = {
            "url": "https://blog.example.com/api?query=1",
            "headers": {"Authorization": "Bearer clp_0123456789abc", "Cookie": "cookie"},
            "query_string": "query=1",
            "data": {"password": "a body"},
        }
        return event

    with sentry_sdk.new_scope() as scope:
        scope.set_user({"id": "1", "email": "wen@example.com", "ip_address": "203.0.113.7"})
        scope.add_breadcrumb(message="breadcrumb")
        scope.add_event_processor(add_request)
        sentry_sdk.capture_message("to wen@example.com")

    text = json.dumps(reports)
    assert [report["message"] for report in reports] == ["to [email]"]
    for private in ("wen", "203.0.113.7", "breadcrumb", "query", "clp_", "cookie", "a body"):
        assert private not in text


def test_without_a_dsn_nothing_is_switched_on() -> None:
    sentry_sdk.init()
    error_reports.configure(settings_for("sqlite://", FOLDER), Kept)

    assert not sentry_sdk.get_client().is_active() or sentry_sdk.get_client().dsn is None


def test_a_dsn_without_the_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "find_spec", lambda _name: None)

    with pytest.raises(ValidationError, match="requires the package sentry-sdk"):
        settings_for("sqlite://", FOLDER, sentry_dsn=DSN)
