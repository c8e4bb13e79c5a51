"""The parts of an export of personal data that accounts give."""
