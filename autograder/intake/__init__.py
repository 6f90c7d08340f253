"""Stage one: what was handed in, whatever it is, becomes a clean sheet."""
