"""Stage two: a student's cells, run in a sandbox."""
