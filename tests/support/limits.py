"""The rate limits that domains declare."""

from importlib import import_module
from pkgutil import iter_modules

import app
from app.core.rate_limiter import Limit


def declared_limits() -> list[Limit]:
    """Every limit in the `limits` of any domain."""
    packages = [module.name for module in iter_modules(app.__path__) if module.ispkg]
    found = []
    for package in packages:
        if any(module.name == "limits" for module in iter_modules([f"{app.__path__[0]}/{package}"])):
            declared = vars(import_module(f"app.{package}.limits")).values()
            found += [limit for limit in declared if isinstance(limit, Limit)]
    return found
