"""Inbound webhooks: what other systems tell us starts a runbook or has a source fetched."""
