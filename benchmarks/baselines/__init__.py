"""What Colophon is compared with."""
