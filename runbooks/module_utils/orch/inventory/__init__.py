"""Inventories that Ansible reads, brought into that of the product. Runs on the worker only."""
