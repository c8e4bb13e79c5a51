"""Attacks on signed tokens, and on telling one kind from another."""

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fastapi import FastAPI
from pydantic import SecretStr

from app.accounts.errors import InvalidPendingToken, SecondFactorRequired
from app.accounts.models import EmailChange, User
from app.accounts.services.logins import LoginService
from app.accounts.services.provider_flows import FLOW_TTL, ProviderFlows
from app.accounts.user_manager import UserManager
from app.core import clock
from app.core.client import Client
from app.core.signed_tokens import BadToken, SignedTokens
from app.unit_of_work import UnitOfWork
from tests.support.users import Users, client_of

SECRET = "a secret of the tests that is long enough to sign with"
AUDIENCE = "colophon:tests"
TOKENS = SignedTokens([SecretStr(SECRET)], AUDIENCE)
CLAIMS: dict[str, Any] = {"iss": "colophon", "aud": AUDIENCE, "sub": "1"}


def claims(**changes: Any) -> dict[str, Any]:
    now = clock.now()
    return {**CLAIMS, "iat": now, "exp": now + timedelta(minutes=1), **changes}


def written(header: dict[str, Any], payload: dict[str, Any], secret: str = "", digest: str = "sha256") -> str:
    """A token as nobody's library would write it, with a MAC if there is a secret to make it with."""
    parts = [
        _encoded(json.dumps(part, default=lambda time: int(time.timestamp())).encode()) for part in (header, payload)
    ]
    mac = hmac.new(secret.encode(), ".".join(parts).encode(), digest).digest() if secret else b""
    return ".".join([*parts, _encoded(mac)])


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_what_was_signed_is_read() -> None:
    """Without this the tokens below could be refused for a reason that is not theirs."""
    assert TOKENS.read(TOKENS.sign(timedelta(minutes=1), sub="1"))["sub"] == "1"
    assert TOKENS.read(written({"alg": "HS256", "typ": "JWT"}, claims(), SECRET))["sub"] == "1"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", 0])
@pytest.mark.parametrize("digest", [None, "sha256", "sha384", "sha512"])
def test_a_token_does_not_choose_how_it_is_checked(algorithm: str | int, digest: str | None) -> None:
    token = written({"alg": algorithm}, claims(), SECRET if digest else "", digest or "sha256")

    with pytest.raises(BadToken):
        TOKENS.read(token)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ],
    ids=["RS256", "ES256", "EdDSA"],
)
def test_a_key_pair_of_the_attackers_signs_nothing(key: Any, algorithm: str) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(jwt.encode(claims(), key, algorithm))


def test_a_public_key_is_no_secret() -> None:
    """Key confusion: what everybody may know must never be what a MAC is made with."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(BadToken):
        TOKENS.read(written({"alg": "HS256"}, claims(), pem.decode()))


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "kid"])
def test_a_token_does_not_bring_its_own_key(name: str) -> None:
    chosen = "a secret that the attacker has chosen for themselves"
    key = {"kty": "oct", "k": _encoded(chosen.encode()), "alg": "HS256"}
    brought = {"jwk": key, "x5c": [_encoded(chosen.encode())], "kid": chosen}.get(name, "https://evil.example.org/keys")

    with pytest.raises(BadToken):
        TOKENS.read(written({"alg": "HS256", name: brought}, claims(), chosen))


def test_a_demand_that_is_not_understood_is_not_ignored() -> None:
    header = {
        "alg": "HS256",
        "crit": ["http://example.org/only-on-sundays"],
        "http://example.org/only-on-sundays": True,
    }

    with pytest.raises(BadToken):
        TOKENS.read(written(header, claims(), SECRET))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": timedelta(seconds=-1)},
        {"nbf": timedelta(hours=1)},
        {"iat": timedelta(hours=1)},
        {"exp": "never"},
        {"aud": "colophon:other"},
        {"aud": ["colophon:other"]},
        {"aud": AUDIENCE.upper()},
        {"iss": "another"},
    ],
    ids=str,
)
def test_a_token_is_good_in_its_time_and_for_its_purpose_only(changes: dict[str, Any]) -> None:
    from_now = {k: clock.now() + v if isinstance(v, timedelta) else v for k, v in changes.items()}

    with pytest.raises(BadToken):
        TOKENS.read(written({"alg": "HS256"}, claims(**from_now), SECRET))


@pytest.mark.parametrize("missing", ["iss", "aud", "iat", "exp"])
def test_a_token_says_all_that_is_needed(missing: str) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(written({"alg": "HS256"}, {k: v for k, v in claims().items() if k != missing}, SECRET))


def test_no_bit_of_a_token_can_be_changed() -> None:
    token = TOKENS.sign(timedelta(minutes=1), sub="1")
    # The last letter of a signature of 32 bytes carries two bits that mean nothing.
    for position, letter in enumerate(token[:-1]):
        changed = token[:position] + ("A" if letter != "A" else "B") + token[position + 1 :]

        with pytest.raises(BadToken):
            TOKENS.read(changed)


def test_a_secret_that_was_taken_away_signs_nothing_any_more() -> None:
    old, new = SecretStr("the secret that leaked and must not count any more"), SecretStr(SECRET)
    token = SignedTokens([old], AUDIENCE).sign(timedelta(minutes=1), sub="1")

    assert SignedTokens([new, old], AUDIENCE).read(token)["sub"] == "1"
    with pytest.raises(BadToken):
        SignedTokens([new], AUDIENCE).read(token)


async def every_kind(users: Users, user: User) -> dict[str, str]:
    """A good token of each kind that the blog signs, all for the same account and with the same secret."""
    app = users.app
    client = await users.client_for(user)
    async with app.state.database.writing() as session:
        user = await session.get_one(User, user.id)
        unit = UnitOfWork(app.state.process, Client("", ""), session)
        manager = UserManager(session, app.state.settings)
        change = EmailChange(user_id=user.id, old_email=user.email, new_email=user.pending_email)
        session.add(change)
        with pytest.raises(SecondFactorRequired) as asked:
            await LoginService(unit).finish_first_factor(user, "password")
        await session.commit()
        return {
            "access": client.headers["Authorization"].removeprefix("Bearer "),
            "pending": asked.value.pending_token,
            "verification": manager.verification_token(user, user.pending_email or ""),
            "reset": manager.reset_token(user),
            "flow": ProviderFlows(unit)._signed.sign(FLOW_TTL, sub=str(user.id)),
            "undo": manager.undo_token(change),
        }


async def use(app: FastAPI, anonymous: httpx.AsyncClient, purpose: str, token: str) -> int:
    """What is answered when a token is used for this."""
    if purpose == "access":
        async with client_of(app, token) as client:
            return (await client.get("/users/me")).status_code
    path, data = {
        "verification": ("/auth/verify", {"token": token}),
        "reset": ("/auth/reset-password", {"token": token, "password": "nine loud herons"}),
        "undo": ("/auth/undo-email-change", {"token": token}),
    }[purpose]
    return (await anonymous.post(path, json=data)).status_code


@pytest.mark.parametrize("purpose", ["access", "verification", "reset", "undo"])
async def test_a_token_of_one_kind_is_never_taken_for_another(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, purpose: str
) -> None:
    user = await users.user(pending_email="new@example.com", has_second_factor=True)
    tokens = await every_kind(users, user)

    others = [await use(app, anonymous, purpose, token) for kind, token in tokens.items() if kind != purpose]

    assert others == [401 if purpose == "access" else 403] * 5
    assert await use(app, anonymous, purpose, tokens[purpose]) < 300


async def test_only_a_pending_token_stands_for_a_password(app: FastAPI, users: Users) -> None:
    user = await users.user(pending_email="new@example.com", has_second_factor=True)
    tokens = await every_kind(users, user)

    async with app.state.database.writing() as session:
        logins = LoginService(UnitOfWork(app.state.process, Client("", ""), session))
        assert (await logins.user_of_pending_token(tokens.pop("pending"))).id == user.id
        for token in tokens.values():
            with pytest.raises(InvalidPendingToken):
                await logins.user_of_pending_token(token)
