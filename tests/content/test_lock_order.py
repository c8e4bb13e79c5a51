"""Changes of tags together with what is counted by them: none waits for another that waits for it."""

import asyncio

import pytest

from app.core.roles import Role
from tests.support.users import Users
from tests.support.writing import publish

ROUNDS = 12


@pytest.mark.parametrize("at_once", ["visibility", "draft"])
async def test_two_articles_exchange_their_tags_while_they_are_listed_anew(live_users: Users, at_once: str) -> None:
    editors = [await live_users.client(Role.EDITOR) for _ in range(2)]
    await publish(editors[0], "First", tags=["One"])
    await publish(editors[1], "Second", tags=["Two"])

    async def exchange(place: int, slug: str) -> set[int]:
        client, statuses = editors[place], set()
        for number in range(ROUNDS):
            tags = ["One", "Two"] if number % 2 == 0 else [("One", "Two")[place]]
            visibility = "members" if number % 2 == 0 else "public"
            path = f"/articles/{slug}" if at_once == "visibility" else f"/articles/{slug}/draft"
            statuses.add((await client.patch(path, json={"tags": tags, "visibility": visibility})).status_code)
            if at_once == "draft":
                statuses.add((await client.put(f"/articles/{slug}/publication")).status_code)
        return statuses

    done = [*await asyncio.gather(exchange(0, "first"), exchange(1, "second"))]

    assert done == [{200}, {200}]
