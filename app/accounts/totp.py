"""Codes of authenticator apps (RFC 6238), with the parameters that all of them use: SHA-1, six digits, 30 seconds."""

import hmac
import re
from datetime import datetime

import pyotp

_SECONDS = 30
# How many steps a clock may be off, and a person late.
_TOLERANCE = 1
_CODE = re.compile(r"[0-9]{6}")
# Longer names make a QR code that is hard to scan, and at last one that cannot be made.
_NAME_LENGTH = 64


def new_secret() -> str:
    """A secret of 160 bits in base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, account: str, issuer: str) -> str:
    """The URI that gives an app the secret, and the names to show its codes under."""
    return pyotp.TOTP(secret).provisioning_uri(name=_name(account), issuer_name=_name(issuer))


def qr_svg(uri: str) -> str:
    """The URI as a QR code: an `<svg>` element that is readable on a dark page too."""
    # Importing it takes longer than starting may.
    import segno  # noqa: PLC0415

    return segno.make_qr(uri).svg_inline(scale=4, light="#fff", svgclass=None, lineclass=None)


def matching_step(secret: str, code: str, now: datetime, after: int | None) -> int | None:
    """The time step that `code` belongs to, if it is close to now and later than the step `after`.

    Store the step and pass it as `after` next time: that makes each code usable only once.
    """
    digits = "".join(code.split())
    if not _CODE.fullmatch(digits):
        return None
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // _SECONDS
    # The latest first: should two steps share a code, both are used up.
    for step in range(current + _TOLERANCE, current - _TOLERANCE - 1, -1):
        if (after is None or step > after) and hmac.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def _name(text: str) -> str:
    # A colon separates the issuer from the account, escaped or not.
    return text.replace(":", "")[:_NAME_LENGTH]
