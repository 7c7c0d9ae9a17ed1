"""Technical building blocks that know no domain."""
