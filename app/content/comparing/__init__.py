"""Texts of articles compared and merged: pure, and with a bounded amount of work."""
