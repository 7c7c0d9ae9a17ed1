"""A bucket of an S3-compatible service, told by our settings alone: nothing of the environment's AWS_* has a say."""

from configparser import ConfigParser
from configparser import Error as UnreadableError
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.store import S3Store

from orch_app.kit.settings import settings

if TYPE_CHECKING:
    from obstore.store import S3Credential  # a name for type checkers only

CREDENTIALS_LIVE = timedelta(minutes=5)
CONNECT = timedelta(seconds=3)
REQUEST = timedelta(seconds=60)
RETRIES = 2
RETRY_FOR = timedelta(seconds=5)
SECTION = "default"


def open_bucket() -> S3Store:
    """The bucket and prefix of `ORCH_ARTIFACTS_URL`; nothing is asked of it yet."""
    url = urlsplit(settings().artifacts_url)
    endpoint = settings().artifacts_endpoint or f"https://s3.{settings().artifacts_region}.amazonaws.com"
    return S3Store(
        url.netloc,
        prefix=url.path.strip("/") or None,
        endpoint=endpoint,
        region=settings().artifacts_region,
        virtual_hosted_style_request=False,
        skip_signature=False,
        credential_provider=read_credentials,
        client_options={"allow_http": endpoint.startswith("http://"), "connect_timeout": CONNECT, "timeout": REQUEST},
        retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_FOR},
    )


def read_credentials() -> "S3Credential":
    """The two halves of the key, read again every five minutes, so that a changed file needs no restart.

    Raises:
        ValueError: the file cannot be read, or does not hold them; its content is not repeated.
    """
    path = settings().artifacts_credentials_file
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text("utf-8") if path else "")
        found = parser[SECTION]
        key_id, secret = found["aws_access_key_id"], found["aws_secret_access_key"]
    except (OSError, UnreadableError, KeyError) as error:
        message = f"{path} does not hold aws_access_key_id and aws_secret_access_key under [{SECTION}]"
        raise ValueError(message) from error
    return {"access_key_id": key_id, "secret_access_key": secret, "expires_at": datetime.now(UTC) + CREDENTIALS_LIVE}
