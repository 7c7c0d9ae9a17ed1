"""Huey's entries: each takes ids, calls one domain function, and holds no rule of its own."""
