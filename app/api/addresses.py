"""Which IP address a request came from."""

from fastapi import Request
from starlette.types import Scope

from app.core.config import Settings
from app.core.ip_addresses import client_ip, network_of


def ip_address_of(request: Request) -> str:
    """The client's IP address, as far as proxies can be trusted to report it."""
    settings: Settings = request.app.state.settings
    peer = request.client.host if request.client else None
    header = settings.forwarded_header
    forwarded = ",".join(request.headers.getlist(header))
    return client_ip(peer, forwarded, settings.trusted_proxies, by_parameter=header == "forwarded")


def network_of_client(scope: Scope) -> str:
    """What the client of a request is counted by."""
    return network_of(ip_address_of(Request(scope)))
