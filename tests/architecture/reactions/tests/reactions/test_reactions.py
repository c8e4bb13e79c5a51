"""Reactions, as readers use them."""

import io
import json
import zipfile

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.roles import Role
from app.reactions.models import Reaction
from tests.support.problems import problem_in
from tests.support.users import Users
from tests.support.writing import publish, read, write

REACTIONS = "/articles/an-article/reactions"


async def test_a_reaction_counts_once_and_can_be_taken_back(
    author: httpx.AsyncClient, reader: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author)
    assert await read(anonymous, REACTIONS) == []

    for client in (reader, reader, author):
        assert (await client.put(f"{REACTIONS}/like")).status_code == 204
    await reader.put(f"{REACTIONS}/love")
    # From the cache: the change has to invalidate it.
    assert await read(anonymous, REACTIONS) == [{"kind": "like", "count": 2}, {"kind": "love", "count": 1}]

    for _ in range(2):
        assert (await reader.delete(f"{REACTIONS}/like")).status_code == 204
    assert await read(anonymous, REACTIONS) == [{"kind": "like", "count": 1}, {"kind": "love", "count": 1}]


async def test_who_may_not_and_to_what(
    author: httpx.AsyncClient, reader: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await write(author)

    problem_in(await anonymous.put(f"{REACTIONS}/like"), 401, "not_authenticated")
    problem_in(await reader.put(f"{REACTIONS}/like"), 404, "article_not_found")
    problem_in(await anonymous.get(REACTIONS), 404, "article_not_found")
    problem_in(await author.put(f"{REACTIONS}/boredom"), 422, "validation_error")


@pytest.mark.parametrize("act", ["export", "delete"])
async def test_reactions_belong_to_the_account(
    author: httpx.AsyncClient,
    reader: httpx.AsyncClient,
    anonymous: httpx.AsyncClient,
    users: Users,
    session: AsyncSession,
    act: str,
) -> None:
    await publish(author)
    await reader.put(f"{REACTIONS}/laugh")
    assert await read(anonymous, REACTIONS) == [{"kind": "laugh", "count": 1}]

    if act == "export":
        archive = zipfile.ZipFile(io.BytesIO((await reader.get("/users/me/export")).content))
        assert json.loads(archive.read("reactions.json"))[0]["kind"] == "laugh"
    else:
        user_id = (await reader.get("/users/me")).json()["id"]
        admin = await users.client(Role.ADMIN)
        assert (await admin.delete(f"/users/{user_id}")).status_code == 204
        assert await session.scalar(select(func.count()).select_from(Reaction)) == 0
        assert await read(anonymous, REACTIONS) == []
