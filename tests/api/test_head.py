"""HEAD is answered wherever GET is, with the same headers and without a body."""

import httpx
import pytest

from tests.support.problems import problem_in

# Before any SQL.
pytestmark = pytest.mark.one_database

# Each request has these of its own.
_OWN = {"x-request-id", "date"}


def headers_of(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in _OWN}


@pytest.mark.parametrize("path", ["/articles", "/tags", "/categories", "/articles/nowhere", "/users/me", "/nowhere"])
async def test_it_is_what_get_would_be_but_for_the_body(
    reader: httpx.AsyncClient, anonymous: httpx.AsyncClient, path: str
) -> None:
    for client in (reader, anonymous):
        full, head = await client.get(path), await client.head(path)

        assert head.status_code == full.status_code
        assert headers_of(head) == headers_of(full)
        assert int(head.headers["Content-Length"]) == len(full.content) > 0
        assert head.content == b""


async def test_where_there_is_nothing_to_get_there_is_no_head(anonymous: httpx.AsyncClient) -> None:
    refused = await anonymous.head("/auth/login")

    assert refused.status_code == 405
    assert refused.headers["Allow"] == "POST"
    assert refused.content == b""


async def test_what_can_be_got_says_so(anonymous: httpx.AsyncClient) -> None:
    refused = await anonymous.patch("/tags", json={})

    problem_in(refused, 405, "method_not_allowed")
    assert refused.headers["Allow"] == "GET, HEAD"
