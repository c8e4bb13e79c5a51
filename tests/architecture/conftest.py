"""What pytest looks for here."""

# An example, which runs in a copy of the whole repository.
collect_ignore = ["reactions"]
