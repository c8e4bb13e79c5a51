"""What the document says about sessions, and the sessions tests do not show by themselves."""

import re

import pytest
from fastapi import FastAPI

from app.accounts.schemas.passkeys import PasskeyUpdate
from app.accounts.user_manager import UserManager
from tests.security.asvs import DOCUMENT
from tests.support.logins import Device, device_of, with_password
from tests.support.users import Users


async def test_people_may_be_logged_in_in_as_many_places_as_they_like(users: Users) -> None:
    await with_password(users, username="anna")

    devices: list[Device] = [await device_of(users, "anna", f"Device {number}") for number in range(12)]

    listed = (await devices[0].client.get("/auth/sessions")).json()
    assert len(listed) == 12
    assert [await device.is_logged_in() for device in devices] == [True] * 12


@pytest.mark.parametrize("page", ["verify", "reset-password"])
async def test_no_mailed_link_logs_anybody_in(app: FastAPI, users: Users, page: str) -> None:
    anna = await users.user(pending_email="new@example.com")
    async with app.state.database.reading() as session:
        manager = UserManager(session, app.state.settings)
        token = manager.verification_token(anna, "new@example.com") if page == "verify" else manager.reset_token(anna)
    data = {"token": token} | ({"password": "nine loud herons"} if page == "reset-password" else {})

    response = await (await users.client()).post(f"/auth/{page}", json=data)

    assert response.is_success
    assert "access_token" not in response.text
    assert "set-cookie" not in response.headers


def test_the_key_of_a_passkey_is_written_once() -> None:
    assert set(PasskeyUpdate.model_fields) == {"name"}
    writers = [
        path.name
        for path in (DOCUMENT.parents[1] / "app").rglob("*.py")
        if re.search(r"public_key\s*=(?!=)|[\"']public_key[\"']\s*:", path.read_text(encoding="utf-8"))
    ]
    # What an authenticator has made, and the row that it is stored in.
    assert sorted(writers) == ["passkeys.py", "webauthn.py"]
