"""Sizes as people read them."""


def size_of(number: float) -> str:
    """A number of bytes in readable form."""
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:  # noqa: PLR2004 - the next unit
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
