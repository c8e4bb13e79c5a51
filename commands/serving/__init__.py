"""How the server runs: preparing the database, the HTTP server, and multiple worker processes."""
