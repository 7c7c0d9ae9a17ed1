"""Plug-ins that ansible-core loads inside the play; nothing here is imported by the product."""
