"""Ids in paths are plain numbers: each row has one address."""

import pytest

from app.core.roles import Role
from tests.support.problems import problem_in
from tests.support.users import Users


@pytest.mark.one_database
async def test_an_id_is_written_in_one_way(users: Users) -> None:
    account = await users.user()
    admin = await users.client(Role.ADMIN)
    assert (await admin.get(f"/users/{account.id}")).status_code == 200

    for text in (f"%20{account.id}", f"+{account.id}", f"{account.id}.0", f"1_{account.id}", "%D9%A5", "true", "1e1"):
        problem_in(await admin.get(f"/users/{text}"), 422, "validation_error")
