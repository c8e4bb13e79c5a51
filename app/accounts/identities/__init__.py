"""Who somebody is, as another site that they have an account at says: OpenID Connect providers, and GitHub.

`providers` is what to use; `openid` and `github` each know how to ask one kind of provider, `id_tokens` when to believe
an ID token, `oauth` the code flow that both share, and `answers` how to ask anything of a server that may misbehave.
"""
