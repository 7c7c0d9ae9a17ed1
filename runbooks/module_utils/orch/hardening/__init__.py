"""Hardening of a machine that is reached by ssh: what is wished, what there is, the way without a lock-out."""
