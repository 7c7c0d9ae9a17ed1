"""One package per outside system: its client, its types. Knows no domain."""
