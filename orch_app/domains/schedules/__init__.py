"""Jobs that start by the clock: when, with what, in whose name, and when not."""
