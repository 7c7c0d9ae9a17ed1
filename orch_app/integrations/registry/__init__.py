"""Container registries: the rights with which nodes pull images."""
