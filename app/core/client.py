"""Where a request comes from."""

from dataclasses import dataclass

USER_AGENT_LENGTH = 300


@dataclass(frozen=True)
class Client:
    """The IP address, and the user agent, cut to `USER_AGENT_LENGTH` characters."""

    ip_address: str
    user_agent: str


# Whoever can run the commands needs no IP address.
COMMAND_LINE = Client(ip_address="", user_agent="command line")
