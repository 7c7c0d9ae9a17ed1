"""Receivers of webhooks: services that are told of something."""
