"""The rules, pure: every function gets what it needs as arguments, `now` too, and returns a value."""
