"""The labels by which a server is known again: which job made it, and the host key that it was given."""

JOB = "orch-job"
HOST_KEY = "orch-host-key"
