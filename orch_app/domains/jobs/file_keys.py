"""Where the files of a job lie in the store of artifacts."""


def key_of(job_id: str, fence: int, name: str) -> str:
    """The key of a file. Each run of a job has a folder of its own: one thought dead overwrites nothing."""
    return f"{job_id}/{fence}/{name}"


def job_of(key: str) -> str:
    """The id of the job whose file has this key."""
    return key.partition("/")[0]
