"""The catalogue of runbooks: reading, checking, validating inputs, the form."""
