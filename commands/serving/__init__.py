"""How the server runs: the database it needs, the HTTP server, and several worker processes."""
