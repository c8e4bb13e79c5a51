"""Refuses requests for unknown hosts: Starlette's own middleware responds in plain text, and redirects."""

from collections.abc import Container, Mapping, Sequence
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.errors import problem

_HOST = b"host"


class TrustedHosts:
    """`allowed` are names, or `*.example.com` for all subdomains, in lower case; if empty, all hosts are allowed."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._names = {name for name in allowed if not name.startswith("*")}
        self._endings = tuple(name[1:] for name in allowed if name.startswith("*"))
        self._are_all = not allowed

    def allow(self, scope: Scope, headers: Mapping[bytes, bytes], *, by_any_name: bool = False) -> bool:
        """Whether a request asks for an allowed host, and for one only. `headers` are those of the scope, as a mapping.

        A request for several is never allowed: everybody on its way may take another one for the one that is meant.
        """
        # If some header came twice, a mapping has only the last.
        if len(headers) != len(scope["headers"]) and sum(name == _HOST for name, _ in scope["headers"]) > 1:
            return False
        any_will_do = by_any_name or self._are_all
        if _HOST not in headers:
            return any_will_do and scope["http_version"] == "1.0"
        return any_will_do or headers[_HOST] in self

    def __contains__(self, host: bytes) -> bool:
        """Whether this host, as in a request's header, is on the list."""
        name = _without_port(host.decode("latin-1").lower()).removesuffix(".")
        return name in self._names or name.endswith(self._endings)


class TrustedHostsMiddleware:
    """Whoever looks after the server asks for the `monitored` paths by its address."""

    def __init__(self, app: ASGIApp, hosts: TrustedHosts, monitored: Container[str]) -> None:
        self._app = app
        self._hosts = hosts
        self._monitored = monitored

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._allows(scope):
            response = problem(HTTPStatus.BAD_REQUEST, "unknown_host", "Unknown host.")
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        return self._hosts.allow(scope, dict(scope["headers"]), by_any_name=scope["path"] in self._monitored)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
