"""Sources of runbooks: folders and Git repositories that an admin trusts, one fetched state after another."""
