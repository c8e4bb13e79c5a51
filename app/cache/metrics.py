"""What is measured of the response cache."""

from app.core.metrics import counter, live_gauge

hits_total = counter("cache_hits_total", "Requests served from the response cache.")
fills_total = counter("cache_fills_total", "Responses generated for the response cache.")
invalidations_total = counter("cache_invalidations_total", "Invalidations of the response cache.")
entries = live_gauge("cache_entries", "Responses in the response cache, in all processes.")
size_bytes = live_gauge("cache_bytes", "Size of the response cache in bytes, in all processes.")
