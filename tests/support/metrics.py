"""Reading the metrics."""

from prometheus_client import REGISTRY


def value(name: str, **labels: str) -> float:
    """The value of one series; 0 if it does not exist."""
    return REGISTRY.get_sample_value(f"colophon_{name}", labels) or 0.0
