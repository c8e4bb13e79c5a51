"""Expectations about what is found under former slugs."""

import httpx

from tests.support.problems import problem_in


async def leads(client: httpx.AsyncClient, old: str, new: str) -> None:
    """Expect that GET and HEAD of a path lead to another, where something is found at once."""
    response = await client.get(old)
    problem = problem_in(response, 308, "moved")
    location = f"{client.base_url.path.rstrip('/')}{new}"
    assert (response.headers["Location"], problem["location"]) == (location, location)
    assert response.headers["Cache-Control"] == "no-cache"
    assert problem["slug"] in new.partition("?")[0].split("/"), problem
    head = await client.head(old)
    assert (head.status_code, head.headers["Location"], head.content) == (308, location, b"")
    assert head.headers["Cache-Control"] == "no-cache"
    assert (await client.get(new)).status_code == 200


async def is_gone(client: httpx.AsyncClient, path: str) -> None:
    problem_in(await client.get(path), 410, "gone")
    assert (await client.head(path)).status_code == 410
