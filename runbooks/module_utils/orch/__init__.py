"""Code shared by our Ansible modules; it travels to the managed hosts inside them: standard library only."""
