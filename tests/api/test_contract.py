"""The API keeps what its schema promises, whatever is sent to it."""

from collections.abc import Iterator
from typing import Any

import anyio.to_thread
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.python.asgi import shutdown_lifespans

from app.core.roles import Role
from tests.support.databases import Template
from tests.support.users import Users

# The app in its own thread draws random numbers too, for the ids of mails; hypothesis takes it for the generator.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies"),
    # It serves the app in a thread of its own, and takes its time.
    pytest.mark.process,
]

# An address that could exist: the format alone allows those that never will.
schemathesis.openapi.format("email", st.integers(0, 9**9).map("reader{}@example.com".format))

# What a valid request may be answered with besides success.
_REFUSALS = ["2xx", "401", "403", "404", "409"]
_OPERATIONS: list[dict[str, Any]] = [
    {
        # Which passwords are too common no schema can tell.
        "include-path-regex": "/(register|reset-password|password)$",
        "checks": {"positive_data_acceptance": {"expected-statuses": [*_REFUSALS, "422"]}},
    },
    {
        # Which paths could be of a site, and lead in no circle, no schema can tell.
        "include-path-regex": "/(redirects|resolve)",
        "checks": {"positive_data_acceptance": {"expected-statuses": [*_REFUSALS, "410", "422"]}},
    },
    {
        # `DELETE /users/{user_id}` answers: "me" is no number.
        "include-path": "/api/v1/users/me",
        "checks": {"unsupported_method": {"enabled": False}},
    },
]
# Requests made at random, and those with every valid and invalid value that a schema leads to.
_AT_RANDOM = {"examples": {"enabled": False}, "coverage": {"enabled": False}, "stateful": {"enabled": False}}
_SYSTEMATIC = {"fuzzing": {"enabled": False}, "stateful": {"enabled": False}}

_FROM_ANSWERS = {"cursor", "If-Match", "If-None-Match"}


@schemathesis.hook
def before_load_schema(_context: Any, schema: dict[str, Any]) -> None:
    """Leave out what the generator cannot know or do."""
    for path in schema["paths"].values():
        for operation in path.values():
            # Only a list's own answers have cursors that it takes, and only those of a resource its tag.
            parameters = operation.get("parameters", [])
            operation["parameters"] = [parameter for parameter in parameters if parameter["name"] not in _FROM_ANSWERS]
    _moderate(schema)


def _moderate(schema: Any) -> None:
    """Of numbers beyond 2**53 it thinks that they are less than they are, and long texts take it many seconds."""
    if isinstance(schema, list):
        for item in schema:
            _moderate(item)
    elif isinstance(schema, dict):
        if schema.get("maximum", 0) > 2**53:
            schema["maximum"] = 2**53
        if schema.get("maxLength", 0) > 2000:
            del schema["maxLength"]
        for item in schema.values():
            _moderate(item)


def broken_promises(app: FastAPI, examples: int = 2, **configuration: Any) -> Iterator[str]:
    """Every answer that is not as the schema of the app says, each with the request for it."""
    generation = {"deterministic": True, "max-examples": examples, "database": "none"}
    config = {"seed": 1, "workers": 1, "generation": generation, "operations": _OPERATIONS, **configuration}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=SchemathesisConfig.from_dict(config))
    asked = set()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            yield repr(event)
        if isinstance(event, events.ScenarioFinished):
            asked.add(event.recorder.label)
            for case_id, checks in event.recorder.checks.items():
                for check in checks:
                    if check.failure_info is not None:
                        request = event.recorder.cases[case_id].value.as_curl_command()
                        yield f"{check.name}: {check.failure_info.failure.message}\n{request}"
    promised = {f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods}
    yield from (f"nothing was asked of {operation}" for operation in sorted(promised - asked))


async def failures_of(app: FastAPI, **configuration: Any) -> list[str]:
    """The app runs in a thread of its own meanwhile, together with its worker."""
    await app.state.database.dispose()
    try:
        return await anyio.to_thread.run_sync(lambda: list(broken_promises(app, **configuration)))
    finally:
        await anyio.to_thread.run_sync(shutdown_lifespans)


async def test_anonymous_clients_get_what_the_schema_promises(live_app: FastAPI) -> None:
    assert await failures_of(live_app, phases=_AT_RANDOM) == []


async def test_admins_get_what_the_schema_promises(live_app: FastAPI, live_users: Users, template: Template) -> None:
    admin = await live_users.client(Role.ADMIN)
    # It takes long, and most of it is refused before the database has any part in it: once is enough.
    phases = _AT_RANDOM if template.is_sqlite else _SYSTEMATIC

    found = await failures_of(live_app, headers={"Authorization": admin.headers["Authorization"]}, phases=phases)

    assert found == []


@pytest.mark.long
async def test_admins_get_what_the_schema_promises_at_length(live_app: FastAPI, live_users: Users) -> None:
    admin = await live_users.client(Role.ADMIN)
    phases = {"stateful": {"enabled": False}}

    found = await failures_of(
        live_app, examples=100, headers={"Authorization": admin.headers["Authorization"]}, phases=phases
    )

    assert found == []
