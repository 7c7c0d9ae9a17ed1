"""DNS records: what is wished, what there is, what has to change. Only cloudflare.py connects to anything."""
