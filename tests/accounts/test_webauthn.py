"""What a browser sends may be anything: it is either exactly right or an `InvalidPasskey`."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.errors import InvalidPasskey
from app.accounts.webauthn import NewPasskey, RelyingParty, challenge_of, credential_id_of, relying_party
from tests.support.authenticator import Authenticator, cose_key, decode, encode
from tests.support.examples import examples

ORIGIN = "https://blog.example"
CHALLENGE = bytes(range(32))
OTHER_CHALLENGE = bytes(32)
USER_HANDLE = b"user 1"
OTHER_KEY = generate_private_key(SECP256R1())
HERE = RelyingParty(id="blog.example", name="A blog", origins=[ORIGIN, "https://admin.blog.example"])

Credential = dict[str, Any]
Reader = Callable[[Credential], object]


def creation(authenticator: Authenticator, challenge: bytes = CHALLENGE) -> Credential:
    return authenticator.create(HERE.creation_options(challenge, USER_HANDLE, "ada", "Ada Lovelace", []))


def assertion(authenticator: Authenticator, challenge: bytes = CHALLENGE) -> Credential:
    return authenticator.get(HERE.request_options(challenge, []))


def registered(authenticator: Authenticator) -> NewPasskey:
    return HERE.verify_creation(creation(authenticator), CHALLENGE)


# --- What browsers are asked ------------------------------------------------------------------------------------


def test_a_new_passkey_is_to_be_found_without_a_name_and_to_verify_its_user() -> None:
    options = HERE.creation_options(CHALLENGE, USER_HANDLE, "ada", "Ada Lovelace", [b"first", b"second"])

    assert options["rp"] == {"id": "blog.example", "name": "A blog"}
    assert options["user"] == {"id": encode(USER_HANDLE), "name": "ada", "displayName": "Ada Lovelace"}
    assert options["challenge"] == encode(CHALLENGE)
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["attestation"] == "none"
    assert options["timeout"] == 300_000
    assert [excluded["id"] for excluded in options["excludeCredentials"]] == [encode(b"first"), encode(b"second")]
    assert {"type": "public-key", "alg": -7} in options["pubKeyCredParams"]


def test_a_login_asks_for_the_passkeys_that_are_allowed() -> None:
    options = HERE.request_options(CHALLENGE, [b"first"])

    assert options == {
        "challenge": encode(CHALLENGE),
        "rpId": "blog.example",
        "allowCredentials": [{"id": encode(b"first"), "type": "public-key"}],
        "userVerification": "required",
        "timeout": 300_000,
    }


def test_a_login_without_a_name_allows_every_passkey() -> None:
    assert HERE.request_options(CHALLENGE, [])["allowCredentials"] == []


def test_options_are_plain_json() -> None:
    options = HERE.creation_options(CHALLENGE, USER_HANDLE, "ada", "Ada", [b"first"])

    assert json.loads(json.dumps(options)) == options
    assert {type(parameter["alg"]) for parameter in options["pubKeyCredParams"]} == {int}


# --- Where passkeys are for -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frontend_url", "domain", "origin"),
    [
        ("http://localhost:3000", "localhost", "http://localhost:3000"),
        ("https://blog.example", "blog.example", "https://blog.example"),
        ("https://blog.example:443/", "blog.example", "https://blog.example"),
        ("http://blog.example:80", "blog.example", "http://blog.example"),
        ("https://blog.example:80", "blog.example", "https://blog.example:80"),
        ("HTTPS://Blog.Example:8443/a/path?query", "blog.example", "https://blog.example:8443"),
        ("https://bücher.example", "xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://[::1]:3000", "::1", "http://[::1]:3000"),
    ],
)
def test_the_frontend_is_named_as_browsers_name_it(frontend_url: str, domain: str, origin: str) -> None:
    assert relying_party("A blog", frontend_url, []) == RelyingParty(id=domain, name="A blog", origins=[origin])


def test_other_origins_come_after_it_once() -> None:
    party = relying_party("A blog", ORIGIN, ["*", ORIGIN, "https://admin.blog.example"])

    assert party.origins == [ORIGIN, "https://admin.blog.example"]


@pytest.mark.parametrize("frontend_url", ["https://:3000", "https:///path", "https://blog.example:port"])
def test_an_address_without_a_proper_host_is_refused(frontend_url: str) -> None:
    with pytest.raises(ValueError, match=r"host|Port"):
        relying_party("A blog", frontend_url, [])


# --- What is right ----------------------------------------------------------------------------------------------


def test_a_new_passkey_is_accepted() -> None:
    authenticator = Authenticator(ORIGIN)

    passkey = registered(authenticator)

    key = authenticator.keys[0]
    assert passkey == NewPasskey(
        credential_id=key.credential_id,
        public_key=cose_key(key.private_key),
        sign_count=0,
        transports=["internal", "hybrid"],
        is_backed_up=False,
    )


@pytest.mark.parametrize("origin", HERE.origins)
def test_a_passkey_logs_in_at_every_origin(origin: str) -> None:
    authenticator = Authenticator(origin)
    passkey = registered(authenticator)

    verified = HERE.verify_assertion(assertion(authenticator, OTHER_CHALLENGE), OTHER_CHALLENGE, passkey.public_key, 0)

    assert verified.sign_count == 1
    assert verified.user_verified
    assert verified.user_handle == USER_HANDLE


def test_a_passkey_that_does_not_count_logs_in_again_and_again() -> None:
    authenticator = Authenticator(ORIGIN, counts=False)
    passkey = registered(authenticator)

    for _ in range(2):
        assert HERE.verify_assertion(assertion(authenticator), CHALLENGE, passkey.public_key, 0).sign_count == 0


def test_whether_a_passkey_is_backed_up_is_told_each_time() -> None:
    authenticator = Authenticator(ORIGIN, is_backed_up=True)

    passkey = registered(authenticator)

    assert passkey.is_backed_up
    assert HERE.verify_assertion(assertion(authenticator), CHALLENGE, passkey.public_key, 0).is_backed_up


def test_a_security_key_may_leave_out_the_user() -> None:
    authenticator = Authenticator(ORIGIN)
    passkey = registered(authenticator)
    credential = assertion(authenticator)
    del credential["response"]["userHandle"]

    assert HERE.verify_assertion(credential, CHALLENGE, passkey.public_key, 0).user_handle is None


def test_only_known_transports_are_kept_and_once() -> None:
    credential = creation(Authenticator(ORIGIN))
    credential["response"]["transports"] = ["usb", "pigeon", "usb", None, {}, [], 1, "nfc"]

    assert HERE.verify_creation(credential, CHALLENGE).transports == ["usb", "nfc"]


def test_an_answer_says_what_it_claims_to_answer() -> None:
    authenticator = Authenticator(ORIGIN)

    for credential in (creation(authenticator), assertion(authenticator)):
        assert credential_id_of(credential) == authenticator.keys[0].credential_id
        assert challenge_of(credential) == CHALLENGE


# --- What is wrong ----------------------------------------------------------------------------------------------

MISBEHAVIOUR: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "https://evil.example"},
    "a part of the origin": {"origin": "https://blog.example.evil.example"},
    "no TLS": {"origin": "http://blog.example"},
    "in a frame": {"is_framed": True},
    "another challenge": {"challenge": OTHER_CHALLENGE},
    "no challenge": {"challenge": b""},
    "another relying party": {"rp_id": "evil.example"},
    "no verification": {"verifies_user": False},
    "nobody there": {"sees_user": False},
}


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOUR.values(), ids=MISBEHAVIOUR)
def test_a_misbehaving_authenticator_makes_no_passkey(misbehaviour: dict[str, Any]) -> None:
    authenticator = Authenticator(**{"origin": ORIGIN, **misbehaviour})

    with pytest.raises(InvalidPasskey):
        registered(authenticator)


@pytest.mark.parametrize(
    "misbehaviour", [*MISBEHAVIOUR.values(), {"private_key": OTHER_KEY}], ids=[*MISBEHAVIOUR, "another key"]
)
def test_a_misbehaving_authenticator_does_not_log_in(misbehaviour: dict[str, Any]) -> None:
    authenticator = Authenticator(ORIGIN)
    passkey = registered(authenticator)
    vars(authenticator).update(misbehaviour)

    with pytest.raises(InvalidPasskey):
        HERE.verify_assertion(assertion(authenticator), CHALLENGE, passkey.public_key, 0)


@pytest.mark.parametrize("known", [1, 2, 2**32 - 1])
def test_a_counter_that_does_not_go_up_is_refused(known: int) -> None:
    authenticator = Authenticator(ORIGIN)
    passkey = registered(authenticator)

    with pytest.raises(InvalidPasskey):
        HERE.verify_assertion(assertion(authenticator), CHALLENGE, passkey.public_key, known)


def test_an_answer_to_one_question_does_not_answer_the_other() -> None:
    authenticator = Authenticator(ORIGIN)
    made, used = creation(authenticator), assertion(authenticator)
    both = {**made, "response": {**made["response"], **used["response"]}}

    with pytest.raises(InvalidPasskey):
        HERE.verify_creation(both, CHALLENGE)
    with pytest.raises(InvalidPasskey):
        HERE.verify_creation(used, CHALLENGE)
    with pytest.raises(InvalidPasskey):
        HERE.verify_assertion(made, CHALLENGE, cose_key(authenticator.keys[0].private_key), 0)


def test_a_passkey_is_registered_under_no_other_id_than_its_own() -> None:
    credential = creation(Authenticator(ORIGIN))
    credential["id"] = credential["rawId"] = encode(b"somebody else's")

    with pytest.raises(InvalidPasskey):
        HERE.verify_creation(credential, CHALLENGE)


def test_two_ids_are_refused() -> None:
    authenticator = Authenticator(ORIGIN)
    passkey = registered(authenticator)
    credential = assertion(authenticator)
    credential["id"] = encode(b"somebody else's")

    with pytest.raises(InvalidPasskey):
        HERE.verify_assertion(credential, CHALLENGE, passkey.public_key, 0)


def test_an_id_that_is_too_long_to_be_stored_is_refused() -> None:
    authenticator = Authenticator(ORIGIN)
    credential = creation(authenticator)
    key = authenticator.keys[0]
    key.credential_id = bytes(1024)
    attested = bytes(16) + (1024).to_bytes(2, "big") + key.credential_id + cose_key(key.private_key)
    _attest(credential, attested)
    credential["id"] = credential["rawId"] = encode(key.credential_id)

    with pytest.raises(InvalidPasskey):
        HERE.verify_creation(credential, CHALLENGE)


UNUSABLE_KEYS: dict[str, bytes] = {
    "a number": cbor2.dumps(4),
    "no map": cbor2.dumps([]),
    "nothing": cbor2.dumps({}),
    "a point that is not on the curve": cbor2.dumps({1: 2, 3: -7, -1: 1, -2: bytes([1]) * 32, -3: bytes([1]) * 32}),
    "an unknown curve": cbor2.dumps({1: 2, 3: -7, -1: 99, -2: bytes(32), -3: bytes(32)}),
    "an algorithm that was not offered": cbor2.dumps({1: 2, 3: -65535, -1: 1, -2: bytes(32), -3: bytes(32)}),
    "texts": cbor2.dumps({1: 2, 3: -7, -1: 1, -2: "x", -3: "y"}),
    "an RSA key of one": cbor2.dumps({1: 3, 3: -257, -1: b"\x01", -2: b"\x01"}),
    "a short Ed25519 key": cbor2.dumps({1: 1, 3: -8, -1: 6, -2: b"short"}),
}


@pytest.mark.parametrize("public_key", UNUSABLE_KEYS.values(), ids=UNUSABLE_KEYS)
def test_a_key_that_is_none_is_refused(public_key: bytes) -> None:
    authenticator = Authenticator(ORIGIN)
    credential = creation(authenticator)
    credential_id = authenticator.keys[0].credential_id
    _attest(credential, bytes(16) + len(credential_id).to_bytes(2, "big") + credential_id + public_key)

    with pytest.raises(InvalidPasskey):
        HERE.verify_creation(credential, CHALLENGE)


@pytest.mark.parametrize("public_key", [b"", b"garbage", *UNUSABLE_KEYS.values()])
def test_a_stored_key_that_is_broken_logs_nobody_in(public_key: bytes) -> None:
    authenticator = Authenticator(ORIGIN)
    creation(authenticator)

    with pytest.raises(InvalidPasskey):
        HERE.verify_assertion(assertion(authenticator), CHALLENGE, public_key, 0)


def _attest(credential: Credential, attested: bytes) -> None:
    """Put other attested data into the answer."""
    data = decode(credential["response"]["authenticatorData"])[:37] + attested
    attestation = {"fmt": "none", "attStmt": {}, "authData": data}
    credential["response"]["attestationObject"] = encode(cbor2.dumps(attestation))


# --- What is no answer at all -----------------------------------------------------------------------------------

AUTHENTICATOR = Authenticator(ORIGIN)
CREATED = creation(AUTHENTICATOR)
PUBLIC_KEY = cose_key(AUTHENTICATOR.keys[0].private_key)
USED = assertion(AUTHENTICATOR)


def create(credential: Credential) -> object:
    return HERE.verify_creation(credential, CHALLENGE)


def log_in(credential: Credential) -> object:
    return HERE.verify_assertion(credential, CHALLENGE, PUBLIC_KEY, 0)


READERS: list[Reader] = [create, log_in, credential_id_of, challenge_of]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=80).map(encode),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PATHS: list[tuple[str, ...]] = [("response", name) for name in {**CREATED["response"], **USED["response"]}]
PATHS += [(name,) for name in CREATED]
FLAWED_TEXTS = ["", "=", "A", "\x00", "\ud800", "ä", "*", "A" * 100_000, "e30", "W10", "bnVsbA"]


def replaced(credential: Credential, path: tuple[str, ...], value: object) -> Credential:
    """The same with another value in one place."""
    changed = copy.deepcopy(credential)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed


def flipped(credential: Credential, name: str, position: int, bits: int) -> Credential:
    """The same with some bits of one byte changed."""
    data = bytearray(decode(credential["response"][name]))
    data[position % len(data)] ^= bits
    return replaced(credential, ("response", name), encode(bytes(data)))


def accepts(read: Reader, credential: Credential) -> bool:
    """Whether it does. Any other failure than `InvalidPasskey` fails the test."""
    try:
        read(credential)
    except InvalidPasskey:
        return False
    return True


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("credential", [{}, [], None, "{}", 1, {"response": []}, {"id": 1, "response": "x"}, {1: {2}}])
def test_other_things_than_credentials_are_refused(read: Reader, credential: Any) -> None:
    with pytest.raises(InvalidPasskey):
        read(credential)


@examples(100)
@given(st.dictionaries(st.sampled_from([*CREATED, "x"]), JSON))
def test_garbage_is_refused(credential: Credential) -> None:
    assert not accepts(create, credential)
    assert not accepts(log_in, credential)
    accepts(credential_id_of, credential)
    accepts(challenge_of, credential)


@examples(100)
@given(st.sampled_from(PATHS), JSON | st.sampled_from(FLAWED_TEXTS), st.sampled_from([CREATED, USED]))
def test_garbage_in_one_place_raises_nothing_else(path: tuple[str, ...], value: object, credential: Credential) -> None:
    for read in READERS:
        accepts(read, replaced(credential, path, value))


@pytest.mark.parametrize("name", ["id", "rawId", "type", "response"])
@pytest.mark.parametrize(("read", "credential"), [(create, CREATED), (log_in, USED)])
def test_an_answer_with_a_part_missing_is_refused(read: Reader, credential: Credential, name: str) -> None:
    assert accepts(read, credential)
    assert not accepts(read, {key: value for key, value in credential.items() if key != name})


@examples(100)
@given(st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]), st.integers(0, 1000), st.integers(1, 255))
def test_an_assertion_with_one_byte_changed_is_refused(name: str, position: int, bits: int) -> None:
    assert not accepts(log_in, flipped(USED, name, position, bits))


@examples(100)
@given(st.sampled_from(["clientDataJSON", "attestationObject"]), st.integers(0, 1000), st.integers(1, 255))
def test_a_creation_with_one_byte_changed_raises_nothing_else(name: str, position: int, bits: int) -> None:
    accepts(create, flipped(CREATED, name, position, bits))


CBOR = st.recursive(
    st.none() | st.integers() | st.text() | st.binary(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=6,
)
STATEMENTS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("sig", "x5c", "response", "alg", "ver", "certInfo", "pubArea"), CBOR)
)
FORMATS = ["packed", "tpm", "android-key", "android-safetynet", "fido-u2f", "apple", "unknown", 1, None, []]


@examples(100)
@given(st.sampled_from(FORMATS), STATEMENTS | CBOR)
def test_an_attestation_that_does_not_hold_is_refused(kind: object, statement: object) -> None:
    data = decode(CREATED["response"]["authenticatorData"])
    attestation = encode(cbor2.dumps({"fmt": kind, "attStmt": statement, "authData": data}))

    assert not accepts(create, replaced(CREATED, ("response", "attestationObject"), attestation))


@pytest.mark.parametrize(
    "data",
    [
        b"\x81" * 30_000,
        b"\x5b\x7f" + b"\xff" * 7,
        b"\xbb" + b"\xff" * 8,
        b"\xd8\x1c\x81\xd8\x1d\x00",
        b"\xff",
        b"\xc5\x82",
    ],
    ids=["deep", "a huge length", "a huge map", "a cycle", "an end", "a cut number"],
)
def test_hostile_cbor_is_refused(data: bytes) -> None:
    extended = decode(USED["response"]["authenticatorData"])
    extended = extended[:32] + bytes([extended[32] | 0x80]) + extended[33:37] + data

    assert not accepts(create, replaced(CREATED, ("response", "attestationObject"), encode(data)))
    assert not accepts(log_in, replaced(USED, ("response", "authenticatorData"), encode(extended)))


@pytest.mark.parametrize(
    "data",
    [b"[" * 30_000, b"\xff\xfe", b"{}", b"[]", b"null", b"1" * 5000, b'{"challenge": 1}', b'{"challenge": "\\ud800"}'],
    ids=["deep", "not UTF-8", "empty", "a list", "null", "a huge number", "a number", "half of a surrogate pair"],
)
def test_hostile_client_data_is_refused(data: bytes) -> None:
    for read, credential in ((create, CREATED), (log_in, USED), (challenge_of, USED)):
        assert not accepts(read, replaced(credential, ("response", "clientDataJSON"), encode(data)))


@pytest.mark.parametrize("read", READERS)
def test_huge_answers_are_refused(read: Reader) -> None:
    assert not accepts(read, {**USED, **CREATED, "padding": "x" * 70_000})


def test_nobody_waits_for_webauthn_before_it_is_used() -> None:
    script = (
        "import sys, app.accounts.webauthn, app.accounts.totp; sys.exit(bool({'webauthn', 'segno'} & {*sys.modules}))"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
