"""Security headers for every response that does not set its own."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.route_table import selected_rules

# Two years; subdomains are not this blog's to decide about. Browsers take it only from what came by https.
_HSTS = (b"strict-transport-security", b"max-age=63072000")
_POLICY = b"content-security-policy"
_NOTHING = b"default-src 'none'; frame-ancestors 'none'"
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
        self._every = (*_EVERY, _HSTS) if insists_on_https else _EVERY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = selected_rules(scope).content_security_policy or _NOTHING
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                message["headers"] = headers + [
                    header for header in (*self._every, (_POLICY, policy)) if header[0] not in present
                ]
            await send(message)

        await self._app(scope, receive, send_guarded)
