"""Asking providers who somebody is, and believing only those who can be believed."""

import asyncio
import gzip
import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pydantic import SecretStr

from app.accounts.errors import ProviderFailed, UnknownProvider
from app.accounts.identities import github, providers
from app.accounts.identities import http as provider_http
from app.accounts.identities.identity import Identity
from app.accounts.identities.providers import IdentityProviders
from app.core.config import Settings
from tests.support.oidc import (
    CLIENT_ID,
    CLIENT_SECRET,
    DISCOVERY,
    GITHUB_TOKEN,
    LocalProvider,
    Reply,
    Signing,
    json_reply,
    local_provider,
)

REDIRECT_URI = "https://blog.example.com/signed-in"
STATE = "the state of this login"
NONCE = "the-nonce-of-this-login"
VERIFIER = "a-verifier-that-only-the-one-who-began-this-login-knows"
SECRET = SecretStr(CLIENT_SECRET)
KEYS = [SecretStr("a secret of the tests, long enough to sign with")]
SETTINGS = Settings(
    _env_file=None, access_secret_key=KEYS, reset_password_secret_key=KEYS, verification_secret_key=KEYS
)
GOOGLE = {"google_client_id": CLIENT_ID, "google_client_secret": SECRET}
GITHUB = {"github_client_id": CLIENT_ID, "github_client_secret": SECRET}
HOUR = timedelta(hours=1)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProvider]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with local_provider() as provider:
        monkeypatch.setattr(providers, "GOOGLE_ISSUER", provider.address)
        monkeypatch.setattr(github, "SITE", provider.address)
        monkeypatch.setattr(github, "API", provider.address)
        yield provider


def configured(**values: object) -> IdentityProviders:
    return IdentityProviders(SETTINGS.model_copy(update=values))


def openid_at(issuer: str, name: str = "oidc") -> dict[str, object]:
    return {"oidc_issuer": issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": SECRET, "oidc_name": name}


@pytest.fixture
def blog(elsewhere: LocalProvider) -> IdentityProviders:
    """All that can be configured, each of them the local provider."""
    return configured(**GOOGLE, **GITHUB, **openid_at(elsewhere.address))


async def begin(blog: IdentityProviders, provider: str) -> str:
    return await blog.authorization_url(
        provider, redirect_uri=REDIRECT_URI, state=STATE, nonce=NONCE, code_verifier=VERIFIER
    )


async def finish(
    blog: IdentityProviders,
    provider: str,
    code: str,
    *,
    redirect_uri: str = REDIRECT_URI,
    nonce: str = NONCE,
    code_verifier: str = VERIFIER,
) -> Identity:
    return await blog.identity(provider, code=code, redirect_uri=redirect_uri, nonce=nonce, code_verifier=code_verifier)


async def sign_in(blog: IdentityProviders, elsewhere: LocalProvider, provider: str = "oidc") -> Identity:
    back = elsewhere.approve(await begin(blog, provider))
    assert back["state"] == STATE
    return await finish(blog, provider, back["code"])


# --- Which there are -------------------------------------------------------------------------------------------


def test_a_provider_is_on_when_all_that_it_takes_is_set() -> None:
    assert configured().names() == []
    assert configured(google_client_id="x").names() == []
    assert configured(github_client_secret=SECRET).names() == []
    assert configured(oidc_client_id="x", oidc_client_secret=SECRET).names() == []
    assert configured(**GOOGLE, **GITHUB).names() == ["google", "github"]
    assert configured(**openid_at("https://id.example.com", name="company")).names() == ["company"]


async def test_a_provider_that_is_off_is_unknown() -> None:
    with pytest.raises(UnknownProvider):
        await begin(configured(**GITHUB), "google")
    with pytest.raises(UnknownProvider):
        await finish(configured(), "github", "code")


# --- Signing in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["google", "github", "oidc"])
async def test_signing_in_tells_who_somebody_is(
    blog: IdentityProviders, elsewhere: LocalProvider, provider: str
) -> None:
    assert await sign_in(blog, elsewhere, provider) == Identity(
        provider=provider,
        subject="583231",
        email="jane@example.com",
        is_email_verified=True,
        display_name="Jane Doe",
    )


async def test_the_configured_provider_goes_by_the_name_it_was_given(elsewhere: LocalProvider) -> None:
    company = configured(**openid_at(elsewhere.address + "/", name="company"))

    assert (await sign_in(company, elsewhere, "company")).provider == "company"


async def test_people_are_sent_away_with_all_that_protects_the_login(blog: IdentityProviders) -> None:
    asked = dict(parse_qsl(urlsplit(await begin(blog, "oidc")).query))

    assert asked == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "state": STATE,
        "nonce": NONCE,
        "scope": "openid email profile",
        "code_challenge": "084AW64z2YnDrTmU2Yk-jd4NGcVwma2NwGcF0cduRe8",
        "code_challenge_method": "S256",
    }


async def test_github_is_asked_for_no_more_than_the_address(blog: IdentityProviders) -> None:
    asked = dict(parse_qsl(urlsplit(await begin(blog, "github")).query))

    assert asked["scope"] == "user:email"
    assert asked["code_challenge_method"] == "S256"


async def test_an_endpoint_keeps_what_its_address_asks_for(blog: IdentityProviders, elsewhere: LocalProvider) -> None:
    elsewhere.metadata = {"authorization_endpoint": f"{elsewhere.address}/authorize?policy=sign+in"}

    url = urlsplit(await begin(blog, "oidc"))

    assert url.query.count("?") == 0
    assert dict(parse_qsl(url.query))["policy"] == "sign in"
    assert (await sign_in(blog, elsewhere)).subject == "583231"


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
async def test_the_blog_proves_itself_as_the_provider_wants(
    blog: IdentityProviders, elsewhere: LocalProvider, method: str
) -> None:
    elsewhere.auth_methods = [method]

    assert (await sign_in(blog, elsewhere)).subject == "583231"


async def test_elliptic_signatures_are_believed(blog: IdentityProviders, elsewhere: LocalProvider) -> None:
    elsewhere.signing = "ES256"

    assert (await sign_in(blog, elsewhere)).subject == "583231"


async def test_what_a_provider_publishes_is_remembered_for_an_hour(
    blog: IdentityProviders, elsewhere: LocalProvider
) -> None:
    await sign_in(blog, elsewhere)
    await sign_in(blog, elsewhere)
    assert elsewhere.requests.count(DISCOVERY) == 1

    with time_machine.travel(datetime.now(UTC) + HOUR):
        await begin(blog, "oidc")
    assert elsewhere.requests.count(DISCOVERY) == 2


async def test_a_provider_that_was_away_is_asked_again(blog: IdentityProviders, elsewhere: LocalProvider) -> None:
    elsewhere.replies = {DISCOVERY: Reply(503, b"")}
    with pytest.raises(ProviderFailed):
        await begin(blog, "oidc")

    elsewhere.replies = {}
    assert (await sign_in(blog, elsewhere)).subject == "583231"


# --- The person ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verified", "expected"),
    [(True, True), ("true", True), (False, False), ("false", False), (1, False), ("True", False), (None, False)],
)
async def test_an_address_counts_as_verified_only_if_the_provider_says_so(
    blog: IdentityProviders, elsewhere: LocalProvider, verified: object, expected: bool
) -> None:
    elsewhere.person.email_verified = verified

    identity = await sign_in(blog, elsewhere)

    assert identity.email == "jane@example.com"
    assert identity.is_email_verified is expected


async def test_addresses_are_written_as_everywhere_here(blog: IdentityProviders, elsewhere: LocalProvider) -> None:
    elsewhere.person.email = "Jane@Example.COM"

    assert (await sign_in(blog, elsewhere)).email == "jane@example.com"
    assert (await sign_in(blog, elsewhere, "github")).email == "jane@example.com"


@pytest.mark.parametrize("provider", ["oidc", "github"])
@pytest.mark.parametrize("email", [None, "jane", "Jane <jane@example.com>", "j\x00@example.com"])
async def test_an_address_that_cannot_be_used_is_none(
    blog: IdentityProviders, elsewhere: LocalProvider, provider: str, email: str | None
) -> None:
    elsewhere.person.email = email

    identity = await sign_in(blog, elsewhere, provider)

    assert (identity.email, identity.is_email_verified) == (None, False)


@pytest.mark.parametrize("name", [None, "", " ", "jane@example.com", "x" * 101, "Jane\nDoe"])
async def test_a_name_that_cannot_be_shown_is_none(
    blog: IdentityProviders, elsewhere: LocalProvider, name: str | None
) -> None:
    elsewhere.person.name = name

    assert (await sign_in(blog, elsewhere)).display_name is None
    assert (await sign_in(blog, elsewhere, "github")).display_name == "jane-d"


async def test_an_address_that_is_not_in_the_id_token_is_asked_for(
    blog: IdentityProviders, elsewhere: LocalProvider
) -> None:
    elsewhere.claims = {"email": None, "email_verified": None, "name": None}

    identity = await sign_in(blog, elsewhere)

    assert (identity.email, identity.is_email_verified) == ("jane@example.com", True)
    assert identity.display_name == "Jane Doe"


async def test_userinfo_about_somebody_else_is_refused(blog: IdentityProviders, elsewhere: LocalProvider) -> None:
    elsewhere.claims = {"email": None}
    elsewhere.replies = {"/userinfo": json_reply({"sub": "1", "email": "admin@example.com", "email_verified": True})}

    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere)


async def test_a_provider_without_userinfo_may_keep_the_address_to_itself(
    blog: IdentityProviders, elsewhere: LocalProvider
) -> None:
    elsewhere.claims = {"email": None}
    elsewhere.metadata = {"userinfo_endpoint": None}

    assert (await sign_in(blog, elsewhere)).email is None


async def test_github_vouches_for_the_primary_address_only(blog: IdentityProviders, elsewhere: LocalProvider) -> None:
    elsewhere.person.email_verified = False

    identity = await sign_in(blog, elsewhere, "github")

    assert (identity.email, identity.is_email_verified) == ("jane@example.com", False)


# --- ID tokens that are not believed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another login"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": ["another-client", "a-third"]},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"aud": None},
        {"iss": "https://evil.example.com"},
        {"iss": None},
        {"exp": 1_600_000_000},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "nul\x00"},
        {"sub": 583231},
    ],
    ids=json.dumps,
)
@pytest.mark.filterwarnings("ignore:.*must be a string")
async def test_an_id_token_that_says_something_else_is_refused(
    blog: IdentityProviders, elsewhere: LocalProvider, claims: dict[str, object]
) -> None:
    elsewhere.claims = claims

    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere)


async def test_an_id_token_for_several_clients_is_believed_if_it_was_given_to_this_one(
    blog: IdentityProviders, elsewhere: LocalProvider
) -> None:
    elsewhere.claims = {"aud": [CLIENT_ID, "another-client"], "azp": CLIENT_ID}

    assert (await sign_in(blog, elsewhere)).subject == "583231"


async def test_clocks_may_differ_a_little(blog: IdentityProviders, elsewhere: LocalProvider) -> None:
    elsewhere.claims = {"iat": datetime.now(UTC) + timedelta(seconds=30)}

    assert (await sign_in(blog, elsewhere)).subject == "583231"


@pytest.mark.parametrize("signing", ["none", "HS256", "another key"])
async def test_an_id_token_that_the_provider_did_not_sign_is_refused(
    blog: IdentityProviders, elsewhere: LocalProvider, signing: Signing
) -> None:
    elsewhere.signing = signing

    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere)


def short_key() -> dict[str, object]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - which is the point
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "RS256"}


@pytest.mark.parametrize(
    "keys",
    [
        "none",
        None,
        [],
        [{}],
        ["key"],
        [{"kty": "RSA", "kid": "RS256"}],
        [{"kty": "RSA", "kid": "RS256", "n": 5, "e": []}],
        [{"kty": "RSA", "kid": "RS256", "alg": ["RS256"]}],
        [short_key()],
    ],
)
async def test_nothing_is_signed_with_a_key_that_is_none(
    blog: IdentityProviders, elsewhere: LocalProvider, keys: object
) -> None:
    elsewhere.replies = {"/keys": json_reply({"keys": keys})}

    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere)


@pytest.mark.parametrize(
    "members",
    [{"use": "enc"}, {"kid": "another"}, {"kid": None}, {"alg": "PS256"}, {"alg": "nonsense"}],
    ids=json.dumps,
)
async def test_a_key_is_used_only_for_what_it_was_made_for(
    blog: IdentityProviders, elsewhere: LocalProvider, members: dict[str, object]
) -> None:
    keys = elsewhere.document("/keys")["keys"]
    elsewhere.replies = {"/keys": json_reply({"keys": [{**key, **members} for key in keys]})}

    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere)


@pytest.mark.parametrize("signing", ["RS256", "ES256"])
async def test_a_key_that_is_not_named_is_found_if_it_is_the_only_one_of_its_kind(
    blog: IdentityProviders, elsewhere: LocalProvider, signing: Signing
) -> None:
    elsewhere.signing, elsewhere.names_key = signing, False

    assert (await sign_in(blog, elsewhere)).subject == "583231"


async def test_keys_that_cannot_be_told_apart_are_refused(blog: IdentityProviders, elsewhere: LocalProvider) -> None:
    elsewhere.replies = {"/keys": json_reply({"keys": 2 * elsewhere.document("/keys")["keys"]})}

    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere)


async def test_a_secret_that_both_sides_know_is_no_key_to_sign_with(
    blog: IdentityProviders, elsewhere: LocalProvider
) -> None:
    secret = urlsafe_b64encode(CLIENT_SECRET.encode()).rstrip(b"=").decode()
    elsewhere.signing = "HS256"
    elsewhere.replies = {"/keys": json_reply({"keys": [{"kty": "oct", "kid": "RS256", "alg": "HS256", "k": secret}]})}

    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere)


@pytest.mark.parametrize("id_token", ["", "x", "a.b.c", "é.é.é", 5, None, "[" * 100_000, "W1tb" * 20_000 + ".e30.e30"])
async def test_what_is_no_id_token_is_refused(
    blog: IdentityProviders, elsewhere: LocalProvider, id_token: object
) -> None:
    elsewhere.replies = {"/token": json_reply({"access_token": "x", "token_type": "Bearer", "id_token": id_token})}

    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere)


# --- Codes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["oidc", "github"])
async def test_a_code_is_good_only_once_and_only_for_the_login_it_belongs_to(
    blog: IdentityProviders, elsewhere: LocalProvider, provider: str
) -> None:
    async def code() -> str:
        return (elsewhere.approve(await begin(blog, provider)))["code"]

    used = await code()
    await finish(blog, provider, used)
    with pytest.raises(ProviderFailed):
        await finish(blog, provider, used)
    with pytest.raises(ProviderFailed):
        await finish(blog, provider, await code(), code_verifier="b" * 43)
    with pytest.raises(ProviderFailed):
        await finish(blog, provider, await code(), redirect_uri="https://evil.example.com")
    with pytest.raises(ProviderFailed):
        await finish(blog, provider, "")


async def test_a_code_that_was_obtained_in_another_login_is_refused(
    blog: IdentityProviders, elsewhere: LocalProvider
) -> None:
    back = elsewhere.approve(await begin(blog, "oidc"))

    with pytest.raises(ProviderFailed):
        await finish(blog, "oidc", back["code"], nonce="the nonce of the victim's login")


async def test_a_provider_that_does_not_know_the_blog_fails(elsewhere: LocalProvider) -> None:
    wrong = SecretStr("not the secret")
    blog = configured(**{**GITHUB, **openid_at(elsewhere.address), "github_client_secret": wrong})
    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere, "github")

    blog = configured(**{**openid_at(elsewhere.address), "oidc_client_secret": wrong})
    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere)


# --- Answers that cannot be used -------------------------------------------------------------------------------

ASKED = [("oidc", DISCOVERY), ("oidc", "/token"), ("oidc", "/keys"), ("oidc", "/userinfo")]
ASKED += [("github", GITHUB_TOKEN), ("github", "/user"), ("github", "/user/emails")]
BAD_REPLIES = {
    "an error": Reply(500, b"{}"),
    "a refusal": json_reply({"error": "access_denied"}, 403),
    "an error that looks like success": json_reply({"error": "access_denied"}),
    "a redirect": Reply(302, b"", {"Location": "/keys"}),
    "nothing": Reply(200, b""),
    "HTML": Reply(200, b"<!doctype html><title>Sign in</title>", {"Content-Type": "text/html"}),
    "another kind of JSON": json_reply(5),
    "a list": json_reply(["access_token"]),
    "no text": Reply(200, b'{"sub": "\xff"}'),
    "deeply nested": Reply(200, b'{"keys":' + b"[" * 100_000),
    "less than promised": Reply(200, b"{}", {"Content-Length": "100"}),
    "no HTTP": Reply(200, b"", {"Transfer-Encoding": "nonsense"}),
}


@pytest.mark.parametrize(("provider", "path"), ASKED)
@pytest.mark.parametrize("reply", BAD_REPLIES.values(), ids=BAD_REPLIES)
async def test_an_answer_that_cannot_be_used_is_one_failure(
    blog: IdentityProviders, elsewhere: LocalProvider, provider: str, path: str, reply: Reply
) -> None:
    elsewhere.claims = {"email": None}
    elsewhere.replies = {path: reply}

    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere, provider)
    assert path in elsewhere.requests


@pytest.mark.parametrize("status", [201, 203, 302, 400, 503])
async def test_only_200_is_an_answer(blog: IdentityProviders, elsewhere: LocalProvider, status: int) -> None:
    elsewhere.replies = {DISCOVERY: json_reply(elsewhere.document(DISCOVERY), status)}

    with pytest.raises(ProviderFailed):
        await begin(blog, "oidc")


async def test_an_answer_is_read_up_to_a_size(blog: IdentityProviders, elsewhere: LocalProvider) -> None:
    fitting = json.dumps(elsewhere.document(DISCOVERY)).encode().ljust(provider_http.MAX_RESPONSE_BYTES)

    elsewhere.replies = {DISCOVERY: Reply(200, fitting + b" ")}
    with pytest.raises(ProviderFailed):
        await begin(blog, "oidc")
    # What it comes to when it is unpacked is known too late.
    elsewhere.replies = {DISCOVERY: Reply(200, gzip.compress(fitting), {"Content-Encoding": "gzip"})}
    with pytest.raises(ProviderFailed):
        await begin(blog, "oidc")

    elsewhere.replies = {DISCOVERY: Reply(200, fitting)}
    assert (await sign_in(blog, elsewhere)).subject == "583231"


@pytest.mark.parametrize(("provider", "path"), ASKED)
@pytest.mark.parametrize("way", ["hanging", "dripping"])
async def test_a_provider_that_does_not_finish_is_given_up(
    blog: IdentityProviders,
    elsewhere: LocalProvider,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    path: str,
    way: str,
) -> None:
    monkeypatch.setattr(provider_http, "TIMEOUT_SECONDS", 0.05)
    elsewhere.claims = {"email": None}
    getattr(elsewhere, way).add(path)

    async with asyncio.timeout(30):
        with pytest.raises(ProviderFailed):
            await sign_in(blog, elsewhere, provider)


async def test_a_provider_that_is_not_there_fails() -> None:
    with pytest.raises(ProviderFailed):
        await begin(configured(**openid_at("http://127.0.0.1:1")), "oidc")


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example.com"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": "http://evil.example.com/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://localhost.evil.example.com/"},
        {"authorization_endpoint": "http://localhost:1@evil.example.com/"},
        {"authorization_endpoint": "https://[/"},
        {"token_endpoint": "https://127.0.0.1:99999/"},
        {"token_endpoint": "https://xn--a.example.com/"},
        {"token_endpoint_auth_methods_supported": "client_secret_post"},
    ],
    ids=json.dumps,
)
async def test_people_are_sent_nowhere_strange(
    blog: IdentityProviders, elsewhere: LocalProvider, metadata: dict[str, object]
) -> None:
    elsewhere.metadata = metadata

    with pytest.raises(ProviderFailed):
        await begin(blog, "oidc")


async def test_an_issuer_that_is_no_address_is_a_failure() -> None:
    with pytest.raises(ProviderFailed):
        await begin(configured(**openid_at("https://id.example.com:port")), "oidc")


@pytest.mark.parametrize(
    "user", [{"login": "jane"}, {"id": 0}, {"id": True}, {"id": "583231"}, {"id": 1.5}, {"id": None}], ids=json.dumps
)
async def test_somebody_at_github_has_a_number(
    blog: IdentityProviders, elsewhere: LocalProvider, user: dict[str, object]
) -> None:
    elsewhere.replies = {"/user": json_reply(user)}

    with pytest.raises(ProviderFailed):
        await sign_in(blog, elsewhere, "github")


# --- What is written down --------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["oidc", "github"])
async def test_nothing_secret_is_logged_or_told(
    blog: IdentityProviders, elsewhere: LocalProvider, caplog: pytest.LogCaptureFixture, provider: str
) -> None:
    caplog.set_level(logging.DEBUG)
    await sign_in(blog, elsewhere, provider)
    elsewhere.claims = {"nonce": "of another login"}
    elsewhere.replies = {"/user": json_reply({"id": "no number"})}

    code = (elsewhere.approve(await begin(blog, provider)))["code"]
    caplog.clear()
    with pytest.raises(ProviderFailed) as failure:
        await finish(blog, provider, code)

    assert f"signing in with {provider} failed" in caplog.text
    told = caplog.text + str(failure.value) + repr(failure.value.__cause__)
    assert [secret for secret in (CLIENT_SECRET, VERIFIER, NONCE, *elsewhere.issued) if secret in told] == []
    assert failure.value.__suppress_context__


async def test_the_log_says_what_is_wrong(
    blog: IdentityProviders, elsewhere: LocalProvider, caplog: pytest.LogCaptureFixture
) -> None:
    async def reason() -> str:
        caplog.clear()
        with pytest.raises(ProviderFailed):
            await sign_in(blog, elsewhere)
        (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
        return record.getMessage().removeprefix("signing in with oidc failed: ")

    elsewhere.metadata = {"token_endpoint": None}
    assert await reason() == f"127.0.0.1{DISCOVERY} answered something else than expected: token_endpoint"
    elsewhere.metadata = {}
    elsewhere.replies = {"/token": json_reply({"error": "invalid_client"}, 401)}
    assert await reason() == "127.0.0.1/token answered 401"
    elsewhere.replies = {}
    elsewhere.claims = {"aud": "another-client"}
    assert await reason() == "the ID token is refused: InvalidAudienceError"
    elsewhere.person = replace(elsewhere.person, email=None)
    elsewhere.claims = {}
    elsewhere.replies = {"/userinfo": Reply(200, b"<html>")}
    assert await reason() == "127.0.0.1/userinfo answered something else than expected: no JSON object"
