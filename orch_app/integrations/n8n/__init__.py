"""n8n: its workflows, by its public API."""
