"""A Swarm stack: from a compose file to what the engine is asked to do, and how one sees that it was done."""
