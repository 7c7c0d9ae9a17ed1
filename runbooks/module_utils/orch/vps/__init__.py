"""Servers of a provider: ordered and priced, made and deleted, and trusted from the first connection on."""
