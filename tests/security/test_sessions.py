"""What the document says about sessions, and the sessions tests do not show by themselves."""

import pytest
from fastapi import FastAPI

from app.core.client import COMMAND_LINE
from app.services.wiring import Services
from tests.support.logins import Device, device_of, with_password
from tests.support.people import People


async def test_people_may_be_logged_in_in_as_many_places_as_they_like(people: People) -> None:
    await with_password(people, username="anna")

    devices: list[Device] = [await device_of(people, "anna", f"Device {number}") for number in range(12)]

    listed = (await devices[0].client.get("/auth/sessions")).json()
    assert len(listed) == 12
    assert [await device.is_logged_in() for device in devices] == [True] * 12


@pytest.mark.parametrize("page", ["verify", "reset-password"])
async def test_no_mailed_link_logs_anybody_in(app: FastAPI, people: People, page: str) -> None:
    anna = await people.user(pending_email="new@example.com")
    async with app.state.database.reading() as session:
        manager = Services(session, app.state.shared, COMMAND_LINE).manager
        token = manager.verification_token(anna, "new@example.com") if page == "verify" else manager.reset_token(anna)
    data = {"token": token} | ({"password": "nine loud herons"} if page == "reset-password" else {})

    answer = await (await people.client()).post(f"/auth/{page}", json=data)

    assert answer.is_success
    assert "access_token" not in answer.text
    assert "set-cookie" not in answer.headers
