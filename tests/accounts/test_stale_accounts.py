"""What happens to an account in two places at once, and what is left when it is gone."""

import httpx
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.core.roles import Role
from app.db.session import reading
from app.mail.queries import IS_MAIL, RECIPIENT
from tests.support.users import Users


async def test_logins_that_end_twice_at_once_end_twice(live_users: Users, live_app: FastAPI) -> None:
    user = await live_users.user()
    database = live_app.state.database
    async with database.writing() as first, database.writing() as second:
        for session in (first, second):
            async with reading(session):
                await session.get_one(User, user.id)
        for session in (first, second):
            (await session.get_one(User, user.id)).end_access()
            await session.commit()

    async with database.reading() as session:
        assert (await session.get_one(User, user.id)).token_version == 2


async def test_mails_to_a_deleted_account_do_not_leave(
    users: Users, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    data = {"email": "anna@example.com", "username": "anna", "password": "correct horse battery"}
    await anonymous.post("/auth/register", json=data)
    registered = await session.scalar(select(User.id))
    admin = await users.client(Role.ADMIN)

    assert (await admin.delete(f"/users/{registered}")).status_code == 204

    assert (await session.scalars(select(RECIPIENT).where(IS_MAIL))).all() == []
