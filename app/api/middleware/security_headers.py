"""Security headers for every response that does not set its own."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Two years; subdomains are not this blog's to decide about. Browsers take it only from what came by https.
_HSTS = (b"strict-transport-security", b"max-age=63072000")
_NOTHING = b"default-src 'none'; frame-ancestors 'none'"
# Swagger UI and ReDoc come from there, start with a script in the page, and ask this API.
_DOCS = (
    b"default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; worker-src blob:; "
    b"style-src 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; "
    b"font-src https://fonts.gstatic.com; img-src 'self' data: https:; connect-src 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_DOCS_PATHS = {"/docs", "/docs/oauth2-redirect", "/redoc"}
_EVERY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    # CORS says whose scripts may read an answer; this would say who may embed one, and frontends on other sites do.
    (b"cross-origin-resource-policy", b"cross-origin"),
    # What may be kept says so itself.
    (b"cache-control", b"no-store"),
)


class SecurityHeadersMiddleware:
    def __init__(self, app: ASGIApp, *, insists_on_https: bool) -> None:
        self._app = app
        every = (*_EVERY, _HSTS) if insists_on_https else _EVERY
        self._defaults = (*every, (b"content-security-policy", _NOTHING))
        self._defaults_of_docs = (*every, (b"content-security-policy", _DOCS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        defaults = self._defaults_of_docs if scope["path"] in _DOCS_PATHS else self._defaults

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                message["headers"] = headers + [header for header in defaults if header[0] not in present]
            await send(message)

        await self._app(scope, receive, send_guarded)
