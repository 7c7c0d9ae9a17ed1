"""Pipelines: runbooks as steps of a graph, each step an ordinary job."""
