"""A bucket that is not ours: what a connection of type `s3` leads to."""

from dataclasses import dataclass, field
from datetime import timedelta

import obstore
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from orch_app.integrations.identity import Identity
from orch_app.integrations.webhook.knock import knock
from orch_app.kit.upstream_failures import Kind, UpstreamError

TIMEOUT = timedelta(seconds=10)
LIST, NAME = "s3:ListBucket", "S3"
_WORDS: tuple[tuple[str, Kind, str], ...] = (
    ("NoSuchBucket", "not_found", "there is no such bucket"),
    ("InvalidAccessKeyId", "auth_failed", "it does not know the access key"),
    ("SignatureDoesNotMatch", "auth_failed", "the secret key is not that of the access key"),
    ("AccessDenied", "insufficient_scopes", "the key may not list this bucket"),
    ("403", "insufficient_scopes", "the key may not list this bucket"),
    ("timed out", "timeout", "it did not answer in time"),
    ("error sending request", "unreachable", "it cannot be reached"),
)
"""What the service or the library says, and what it means; the first match counts."""


@dataclass(frozen=True)
class Bucket:
    """Where it is and what opens it."""

    endpoint: str
    name: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)


def look(bucket: Bucket, allow: tuple[str, ...] = ()) -> Identity:
    """List the first key of a bucket. Whether somebody trusted is there is found out before: the library does not say
    why it gets no connection, and looks the name up by itself.

    Raises:
        UpstreamError: the service does not answer, or refuses.
        EgressRefused: it may not be connected to.
    """
    knock(bucket.endpoint, allow)
    try:
        first = next(iter(obstore.list(_store(bucket), chunk_size=1)), [])
    except (BaseError, OSError) as error:
        raise _failure(error) from None
    return Identity(f"bucket {bucket.name}{'' if first else ', empty'}", granted=(LIST,))


def _store(bucket: Bucket) -> S3Store:
    return S3Store(
        bucket.name,
        endpoint=bucket.endpoint,
        region=bucket.region,
        access_key_id=bucket.access_key,
        secret_access_key=bucket.secret_key,
        virtual_hosted_style_request=False,
        skip_signature=False,
        client_options={"allow_http": True, "connect_timeout": TIMEOUT, "timeout": TIMEOUT},
        retry_config={"max_retries": 0, "retry_timeout": TIMEOUT},
    )


def _failure(error: Exception) -> UpstreamError:
    said = str(error)
    for words, kind, meaning in _WORDS:
        if words in said:
            return UpstreamError(kind, f"{NAME}: {meaning}.")
    if isinstance(error, UnauthenticatedError | PermissionDeniedError):
        return UpstreamError("auth_failed", f"{NAME}: it refused the key.")
    if isinstance(error, NotFoundError | FileNotFoundError):
        return UpstreamError("not_found", f"{NAME}: there is no such bucket.")
    return UpstreamError("upstream_5xx", f"{NAME}: it did not do what was asked.")
