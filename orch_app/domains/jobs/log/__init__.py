"""A job's lines: writing them in batches, reading them back, following them live."""
