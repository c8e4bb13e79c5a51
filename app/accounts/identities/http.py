"""Requests to a provider: limited in time and size, and with no assumptions about the response."""

import asyncio
from functools import cache
from http import HTTPStatus
from ssl import SSLContext
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

TIMEOUT_SECONDS = 5.0
MAX_RESPONSE_BYTES = 256 * 1024
Model = TypeVar("Model", bound=BaseModel)


class UnusableResponse(Exception):
    """A provider sent an unusable response. The text is for the log and quotes nothing of the response."""


@cache
def _trusted_authorities() -> SSLContext:
    # Loading them takes longer than all the rest of opening a client.
    return httpx.create_ssl_context()


def connect() -> httpx.AsyncClient:
    """A client for a few requests."""
    # Uncompressed, so that the size of an answer is known while it arrives.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    return httpx.AsyncClient(verify=_trusted_authorities(), timeout=TIMEOUT_SECONDS, headers=headers)


async def receive(client: httpx.AsyncClient, request: httpx.Request, auth: httpx.Auth | None = None) -> httpx.Response:
    """The complete response to a request. Raises `UnusableResponse` unless it is 200, in time and not too large."""
    place = f"{request.url.host}{request.url.path}"
    try:
        # httpx limits each read, which a server that sends a byte now and then never exceeds.
        async with asyncio.timeout(TIMEOUT_SECONDS):
            response = await client.send(request, auth=auth, stream=True)
            try:
                body = await _read(response)
            finally:
                await response.aclose()
    except (httpx.HTTPError, TimeoutError) as error:
        raise UnusableResponse(f"{place}: {type(error).__name__}") from None
    if response.status_code != HTTPStatus.OK:
        raise UnusableResponse(f"{place} answered {response.status_code}")
    if body is None:
        raise UnusableResponse(f"{place} answered more than {MAX_RESPONSE_BYTES} bytes")
    return httpx.Response(HTTPStatus.OK, content=body, request=request)


async def _read(response: httpx.Response) -> bytes | None:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_RESPONSE_BYTES:
            return None
    return bytes(body)


def parse(model: type[Model], response: httpx.Response) -> Model:
    """The parsed response. Raises `UnusableResponse` if it is not JSON or does not match the model."""
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        fields = ", ".join(sorted({str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}))
        place = f"{response.request.url.host}{response.request.url.path}"
        raise UnusableResponse(f"{place} answered something else than expected: {fields or 'no JSON object'}") from None


async def fetch(client: httpx.AsyncClient, url: str, model: type[Model], *, access_token: str | None = None) -> Model:
    """GET a URL and parse it, on behalf of a user if an access token is given. Raises `UnusableResponse`."""
    headers = {"Authorization": f"Bearer {access_token}"} if access_token else {}
    return parse(model, await receive(client, client.build_request("GET", url, headers=headers)))
