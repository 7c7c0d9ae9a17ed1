"""A store of files under keys: a folder of this machine, or a bucket of an S3-compatible service, by obstore."""

from orch_app.integrations.object_store.store import ObjectStore, open_store

__all__ = ["ObjectStore", "open_store"]
