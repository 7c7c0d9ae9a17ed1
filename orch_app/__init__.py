"""JARVIS: one codebase for the web process (Reflex UI + REST) and the worker (Huey)."""
