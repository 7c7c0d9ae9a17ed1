"""n8n for our modules: what it holds, backups of it, and the way back. Runs on the worker only."""
