"""Answers a request that is sent again with the same `Idempotency-Key` as the first one was answered.

`Idempotent` (`app/api/deps.py`) begins, once it is known that the account may make the request; `BodyLastRoute` ends,
when the whole answer is known and nothing has been committed yet.
"""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fastapi import BackgroundTasks, Request, Response
from sqlalchemy.exc import IntegrityError

from app.container import Services
from app.core.errors import AppError
from app.idempotency.errors import IdempotencyKeyNotSupported, InvalidIdempotencyKey
from app.idempotency.schemas import Answer, KeyedRequest

KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
# Those for which the header was designed: HTTP itself promises of all others that they can be repeated.
REPEATED_METHODS = {"POST", "PATCH"}
_SCOPE = "colophon.idempotency"
_SUCCESSES = range(200, 300)
# Headers that say something of the answer. All others are about the request, or are added outside.
_KEPT_HEADERS = {"content-type", "etag", "location"}
_TEXT = re.compile(r"[ -~]{1,255}")
# A string of structured fields (RFC 9651), as the draft standard has it.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_ESCAPED = re.compile(r'\\(["\\])')

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Replayed(Exception):
    """Instead of going on: the request has been answered before, with this response."""

    def __init__(self, response: Response) -> None:
        self.response = response


@dataclass(frozen=True)
class _Attempt:
    """A request with a key that was not answered before, as far as could be seen."""

    services: Services
    request: KeyedRequest
    # With the headers that dependencies have set, such as those of rate limits, and the route perhaps too.
    set_here: Response
    background: BackgroundTasks

    def replay(self, answer: Answer) -> Response:
        about_request = {name: set_ for name, set_ in self.set_here.headers.items() if name not in _KEPT_HEADERS}
        headers = {**about_request, **answer.headers, REPLAYED: "true"}
        return Response(answer.body, answer.status, headers, background=self.background)

    async def keep(self, response: Response) -> None:
        """Have the response repeated from now on. Raises `Conflict` if another request was faster."""
        headers = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
        answer = Answer(response.status_code, headers, bytes(response.body))
        await self.services.idempotency.keep(self.request, answer)


async def begin(
    request: Request, account_id: int, services: Services, set_here: Response, background: BackgroundTasks
) -> None:
    """Begin a request that may have a key. Raises `Replayed`, `InvalidIdempotencyKey` or `IdempotencyKeyReused`."""
    sent = request.headers.getlist(KEY)
    if not sent:
        return
    keyed = KeyedRequest(account_id, _key_in(sent), await _fingerprint(request))
    attempt = _Attempt(services, keyed, set_here, background)
    answer = await services.idempotency.first_answer(keyed)
    if answer is not None:
        raise Replayed(attempt.replay(answer))
    request.scope[_SCOPE] = attempt


def answering_retries(handler: Handler) -> Handler:
    """Make a route's handler, which runs inside the unit of work, answer retries."""

    async def handle(request: Request) -> Response:
        try:
            response = await handler(request)
            attempt: _Attempt | None = request.scope.get(_SCOPE)
            if attempt is not None and response.status_code in _SUCCESSES:
                await attempt.keep(response)
        except Replayed as replayed:
            return replayed.response
        except (AppError, IntegrityError) as error:
            return await _response_of_first(request, error)
        return response

    return handle


def refusing_keys(handler: Handler, reason: str | None) -> Handler:
    """Make a route's handler refuse keys, which it would not heed, rather than have clients rely on them."""

    async def handle(request: Request) -> Response:
        if KEY in request.headers:
            raise IdempotencyKeyNotSupported(reason and f"An {KEY} is not supported here: {reason}")
        return await handler(request)

    return handle


async def _response_of_first(request: Request, error: AppError | IntegrityError) -> Response:
    """What failed may have failed because the same request came twice at once, and the other one was faster."""
    attempt: _Attempt | None = request.scope.get(_SCOPE)
    if attempt is None or (isinstance(error, AppError) and error.commits_on_error):
        raise error
    answer = await attempt.services.idempotency.yield_to_first(attempt.request)
    if answer is None:
        raise error
    return attempt.replay(answer)


def _key_in(sent: list[str]) -> str:
    """The key, with or without quotation marks. Raises `InvalidIdempotencyKey`."""
    key = sent[0].strip(" \t")
    if key.startswith('"'):
        quoted = _QUOTED.fullmatch(key)
        key = _ESCAPED.sub(r"\1", quoted[1]) if quoted else ""
    if len(sent) > 1 or not _TEXT.fullmatch(key):
        raise InvalidIdempotencyKey(field=KEY)
    return key


async def _fingerprint(request: Request) -> str:
    """What is the same for requests with the same method, address and body, byte for byte, and for no others."""
    digest = sha256()
    scope = request.scope
    address = (scope["method"].encode(), scope["path"].encode(errors="surrogatepass"), scope["query_string"])
    for part in (*address, await request.body()):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()
