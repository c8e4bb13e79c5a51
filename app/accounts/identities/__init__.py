"""Identities confirmed by sites where people have accounts: OpenID Connect providers, and GitHub.

`providers` is the entry point; `openid` and `github` each know one kind of provider, `id_tokens` decides when to trust
an ID token, `oauth` is the code flow that both share, and `http` sends requests to servers that may misbehave.
"""
