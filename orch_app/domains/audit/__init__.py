"""What was done, by whom, to what: one entry in the same transaction as the act."""
