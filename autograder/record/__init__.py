"""Stage four: one writer puts what came out into the gradebook and onto pages."""
