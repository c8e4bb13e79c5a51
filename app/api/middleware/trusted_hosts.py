"""Refuses requests for unknown hosts: Starlette's own middleware responds in plain text, and redirects."""

from collections.abc import Container, Sequence
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.errors import problem


class TrustedHosts:
    """`allowed` are names, or `*.example.com` for all subdomains, in lower case; if empty, all hosts are allowed."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._names = {name for name in allowed if not name.startswith("*")}
        self._endings = tuple(name[1:] for name in allowed if name.startswith("*"))
        self.are_all = not allowed

    def __contains__(self, host: bytes) -> bool:
        """Whether this host, as in a request's header, is allowed."""
        if self.are_all:
            return True
        name = _without_port(host.decode("latin-1").lower())
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
        if self._hosts.are_all or scope["path"] in self._monitored:
            return True
        given = [value for name, value in scope["headers"] if name == b"host"]
        return len(given) == 1 and given[0] in self._hosts


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
