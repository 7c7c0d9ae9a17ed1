"""One complete payload of every type that needs no key made for it, and its secrets."""

from typing import Any

COMPLETE: dict[str, dict[str, Any]] = {
    "cloudflare": {"apiToken": "cf-t0ken-1234", "url": "http://127.0.0.1:8787/client/v4"},
    "portainer": {"url": "https://portainer.example.org:9443", "apiKey": "ptr_abcdef", "tlsVerify": False},
    "docker": {"url": "tcp://10.0.0.5:2375"},
    "registry": {"url": "https://ghcr.io", "username": "ops", "password": "ghp pull-1"},
    "n8n": {"url": "https://n8n.example.org", "apiKey": "n8n-key-1", "encryptionKey": "any th1ng"},
    "hetzner": {"token": "hc-t0ken-1234", "url": "https://cloud.example.org/v1"},
    "netbox": {"url": "https://netbox.example.org", "token": "nbt_key.t0ken", "tlsVerify": True},
    "github": {"token": "github_pat_1", "url": "https://github.example.org/api/v3"},
    "git": {"url": "https://git.example.org/team/ops.git", "username": "oauth2", "token": "glpat-1"},
    "webhook": {"url": "https://hooks.example.org/in?x=1", "secret": "whsec_abc"},
    "secrets": {"values": "DB_PASSWORD=hunter2-x\n# ours\n"},
    "s3": {
        "endpoint": "http://10.0.0.9:9000",
        "bucket": "backups",
        "accessKey": "AKIA1",
        "secretKey": "s3/cr+et",
        "region": "auto",
    },
}
