"""Where a request comes from."""

from dataclasses import dataclass

DEVICE_LENGTH = 300


@dataclass(frozen=True)
class Client:
    """The address that it came from, and what the device says about itself, at most `DEVICE_LENGTH` characters."""

    address: str
    device: str


# Whoever can run the commands needs no address.
COMMAND_LINE = Client(address="", device="command line")
