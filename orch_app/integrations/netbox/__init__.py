"""NetBox: devices and virtual machines, by its REST API."""
