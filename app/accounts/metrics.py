"""What is measured of accounts."""

from app.core.metrics import counter

logins_total = counter("logins_total", "Login attempts, by any method.", ["outcome"])
