"""Cloudflare: zones and DNS records, by its API version 4."""
