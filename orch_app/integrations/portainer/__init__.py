"""A Portainer server: its endpoints and stacks, and the Docker engines behind it."""
