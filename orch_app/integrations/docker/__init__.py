"""A Docker engine: its containers, services, tasks, nodes, logs and events, over a socket, TCP or Portainer."""
