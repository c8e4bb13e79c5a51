"""A local OpenID Connect provider that also acts as GitHub; it misbehaves when told to."""

import json
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any, Literal
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT_ID = "the-blog"
CLIENT_SECRET = "what-the-blog-proves-itself-with"
DISCOVERY = "/.well-known/openid-configuration"
GITHUB_TOKEN = "/login/oauth/access_token"
Signing = Literal["RS256", "ES256", "HS256", "none", "another key"]


@cache
def _rsa_key(_name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Person:
    """The user who approves. `subject` is a number, so that GitHub can have the same person."""

    subject: str = "583231"
    email: str | None = "jane@example.com"
    email_verified: object = True
    name: str | None = "Jane Doe"


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(content: object, status: int = 200) -> Reply:
    return Reply(
        status, json.dumps(content).encode(), {"Content-Type": "application/json", "Cache-Control": "no-store"}
    )


@dataclass(frozen=True)
class _Request:
    path: str
    query: dict[str, str]
    form: dict[str, str]
    authorization: str


@dataclass(frozen=True)
class _Grant:
    asked: dict[str, str]
    person: Person


class LocalProvider:
    """Behaves as its attributes, which tests set, tell it to."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.person = Person()
        self.auth_methods = ["client_secret_post", "client_secret_basic"]
        # In place of what the ID token would say; None leaves a claim out.
        self.claims: dict[str, object] = {}
        self.signing: Signing = "RS256"
        self.names_key = True
        # In place of what would be found at these paths.
        self.metadata: dict[str, object] = {}
        self.replies: dict[str, Reply] = {}
        # Paths that answer nothing, and those that never come to an end.
        self.hanging: set[str] = set()
        self.dripping: set[str] = set()
        self.requests: list[str] = []
        self.issued: list[str] = []
        self._grants: dict[str, _Grant] = {}
        self._people: dict[str, Person] = {}

    def approve(self, authorization_url: str) -> dict[str, str]:
        """Visit the URL as a user who approves; returns the parameters of the redirect back."""
        address = urlsplit(authorization_url)
        with closing(HTTPConnection(address.netloc, timeout=5)) as browser:
            browser.request("GET", f"{address.path}?{address.query}")
            response = browser.getresponse()
            assert response.status == 302, response.read()
            return dict(parse_qsl(urlsplit(response.headers["Location"]).query))

    def response(self, request: _Request) -> Reply:
        self.requests.append(request.path)
        if request.path in self.replies:
            return self.replies[request.path]
        pages: dict[str, Callable[[_Request], Reply]] = {
            DISCOVERY: self._discovery,
            "/authorize": self._authorize,
            "/token": self._token,
            "/userinfo": self._userinfo,
            "/keys": self._keys,
            "/login/oauth/authorize": self._authorize,
            GITHUB_TOKEN: self._github_token,
            "/user": self._github_user,
            "/user/emails": self._github_emails,
        }
        page = pages.get(request.path)
        return page(request) if page else Reply(404, b"")

    def document(self, path: str) -> dict[str, Any]:
        """What is published at a path."""
        published: dict[str, Any] = json.loads(self.response(_Request(path, {}, {}, "")).body)
        return published

    def _discovery(self, _request: _Request) -> Reply:
        return json_reply(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "userinfo_endpoint": f"{self.address}/userinfo",
                "jwks_uri": f"{self.address}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
                "token_endpoint_auth_methods_supported": self.auth_methods,
                **self.metadata,
            }
        )

    def _keys(self, _request: _Request) -> Reply:
        signing = RSAAlgorithm.to_jwk(_rsa_key("signing").public_key(), as_dict=True)
        encrypting = RSAAlgorithm.to_jwk(_rsa_key("encrypting").public_key(), as_dict=True)
        elliptic = ECAlgorithm.to_jwk(_ec_key().public_key(), as_dict=True)
        return json_reply(
            {
                "keys": [
                    {**encrypting, "kid": "encrypting", "use": "enc", "alg": "RSA-OAEP"},
                    {**signing, "kid": "RS256", "use": "sig", "alg": "RS256"},
                    {**elliptic, "kid": "ES256", "use": "sig"},
                ]
            }
        )

    def _authorize(self, request: _Request) -> Reply:
        asked = request.query
        is_complete = (
            asked.get("response_type") == "code"
            and asked.get("client_id") == CLIENT_ID
            and asked.get("code_challenge_method") == "S256"
            and {"redirect_uri", "state", "code_challenge", "scope"} <= asked.keys()
        )
        if not is_complete or ("openid" in asked["scope"].split()) != (request.path == "/authorize"):
            return Reply(400, b"This request cannot be approved.")
        code = self._issue()
        self._grants[code] = _Grant(asked, self.person)
        back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        return Reply(302, b"", {"Location": back})

    def _token(self, request: _Request) -> Reply:
        if not self._is_the_blog(request):
            return json_reply({"error": "invalid_client"}, 401)
        grant = self._redeem(request.form)
        if grant is None:
            return json_reply({"error": "invalid_grant"}, 400)
        id_token = self._signed(self._claims_about(grant))
        self.issued.append(id_token)
        return json_reply({**self._access(grant), "id_token": id_token})

    def _is_the_blog(self, request: _Request) -> bool:
        methods = set()
        if request.authorization.startswith("Basic "):
            given = b64decode(request.authorization.removeprefix("Basic ")).decode()
            methods = {"client_secret_basic"} if given == f"{CLIENT_ID}:{CLIENT_SECRET}" else set()
        elif (request.form.get("client_id"), request.form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET):
            methods = {"client_secret_post"}
        return bool(methods & set(self.auth_methods))

    def _redeem(self, form: dict[str, str]) -> _Grant | None:
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or form.get("grant_type") != "authorization_code":
            return None
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        is_same_browser = urlsafe_b64encode(digest).rstrip(b"=").decode() == grant.asked["code_challenge"]
        return grant if is_same_browser and form.get("redirect_uri") == grant.asked["redirect_uri"] else None

    def _access(self, grant: _Grant) -> dict[str, object]:
        access_token = self._issue()
        self._people[access_token] = grant.person
        return {"access_token": access_token, "token_type": "Bearer", "expires_in": 3600}

    def _issue(self) -> str:
        self.issued.append(token_urlsafe(24))
        return self.issued[-1]

    def _claims_about(self, grant: _Grant) -> dict[str, object]:
        now = datetime.now(UTC)
        claims = {
            "iss": self.address,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "nonce": grant.asked.get("nonce"),
            **self._described(grant.person),
            **self.claims,
        }
        return {name: value for name, value in claims.items() if value is not None}

    @staticmethod
    def _described(person: Person) -> dict[str, object]:
        described = {
            "sub": person.subject,
            "name": person.name,
            "email": person.email,
            "email_verified": person.email_verified,
        }
        return {name: value for name, value in described.items() if value is not None}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.signing == "none":
            return jwt.encode(claims, None, algorithm="none")  # type: ignore[arg-type] # there is no key
        key_id = "ES256" if self.signing == "ES256" else "RS256"
        headers = {"kid": key_id} if self.names_key else None
        if self.signing == "HS256":
            return jwt.encode(claims, CLIENT_SECRET, "HS256", headers)
        if self.signing == "ES256":
            return jwt.encode(claims, _ec_key(), "ES256", headers)
        return jwt.encode(claims, _rsa_key("signing" if self.signing == "RS256" else "another"), "RS256", headers)

    def _of_bearer(self, request: _Request) -> Person | None:
        return self._people.get(request.authorization.removeprefix("Bearer "))

    def _userinfo(self, request: _Request) -> Reply:
        person = self._of_bearer(request)
        return json_reply(self._described(person)) if person else Reply(401, b"")

    def _github_token(self, request: _Request) -> Reply:
        is_the_blog = (request.form.get("client_id"), request.form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        grant = self._redeem(request.form) if is_the_blog else None
        # GitHub answers 200 even to what it refuses.
        return json_reply(self._access(grant) if grant else {"error": "bad_verification_code"})

    def _github_user(self, request: _Request) -> Reply:
        person = self._of_bearer(request)
        if person is None:
            return Reply(401, b"")
        return json_reply({"id": int(person.subject), "login": "jane-d", "name": person.name, "email": None})

    def _github_emails(self, request: _Request) -> Reply:
        person = self._of_bearer(request)
        if person is None:
            return Reply(401, b"")
        other = {"email": "other@example.com", "primary": False, "verified": True, "visibility": None}
        primary = {"email": person.email, "primary": True, "verified": person.email_verified, "visibility": "private"}
        return json_reply([other, primary] if person.email else [other])


class _Server(ThreadingHTTPServer):
    # Waited for at the end, so that nothing outlives a test.
    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider = LocalProvider(f"http://127.0.0.1:{self.server_port}")
        self.is_over = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - likewise
        """Log nothing."""

    def _reply(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        request = _Request(
            address.path, dict(parse_qsl(address.query)), _single(body), self.headers.get("Authorization", "")
        )
        if request.path in self.server.provider.hanging:
            self.server.is_over.wait()
            return
        # Clients hang up on what they have had enough of.
        with suppress(ConnectionError):
            self._send(request.path, self.server.provider.response(request))

    def _send(self, path: str, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        while path in self.server.provider.dripping and not self.server.is_over.wait(0.01):
            self.wfile.write(b" ")
        self.wfile.write(reply.body)


def _single(form: str) -> dict[str, str]:
    """The fields of a form, each of which may occur only once."""
    fields = parse_qs(form, strict_parsing=True) if form else {}
    assert all(len(values) == 1 for values in fields.values()), form
    return {name: values[0] for name, values in fields.items()}


@contextmanager
def local_provider() -> Iterator[LocalProvider]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.002})
    thread.start()
    try:
        yield server.provider
    finally:
        server.is_over.set()
        server.shutdown()
        thread.join()
        server.server_close()
