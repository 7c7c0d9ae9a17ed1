"""Hetzner Cloud: the servers of one project, by its API version 1."""
