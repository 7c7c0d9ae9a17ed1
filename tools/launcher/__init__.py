"""What `./orch` does before the environment exists: set-up, supervision, tests and checks. Standard library only."""
