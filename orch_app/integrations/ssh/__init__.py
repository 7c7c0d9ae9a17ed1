"""SSH by the programs of OpenSSH: reading host keys, and trying a login."""
