"""Programs that build, check and start the project; only the standard library."""
