"""Containers, services and stacks of connected engines, live: read here, changed by jobs only. Nothing is kept."""
