"""Stage three: the tests, run where the student's code is not."""
