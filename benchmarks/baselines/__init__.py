"""The baselines that Colophon is compared with."""
