"""How an engine is reached: by a socket of this machine, by TCP, or by TCP with certificates."""

import os
import ssl
from urllib.parse import urlsplit

from orch_app.kit.egress import EgressRefused
from orch_app.kit.upstream import Reach

SOCKET = "unix://"


def engine_reach(url: str, allow: tuple[str, ...] = (), *, ca: str = "", cert: str = "", key: str = "") -> Reach:
    """The way to `unix:///path`, `tcp://host:port`, `http://` or `https://`; certificates and key are PEM.

    `tcp` is spoken to over TLS when there is a certificate of either side.

    Raises:
        EgressRefused: certificates and key do not fit together.
    """
    if url.startswith(SOCKET):
        return Reach("http://docker", unix_socket=url.removeprefix(SOCKET))
    parts = urlsplit(url)
    has_tls = parts.scheme == "https" or (parts.scheme == "tcp" and bool(ca or cert))
    base = parts._replace(scheme="https" if has_tls else "http").geturl().rstrip("/")
    return Reach(base, allow, verify=_tls(ca, cert, key) if ca or cert else True)


def _tls(ca: str, cert: str, key: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=ca or None)
        if cert:
            _show(context, cert, key)
    except ssl.SSLError as error:
        raise EgressRefused(
            f"The connection's certificates cannot be used: {error}.", "wrong_connection_type"
        ) from None
    return context


def _show(context: ssl.SSLContext, cert: str, key: str) -> None:
    """Have the context show our certificate. OpenSSL reads it from a file: one in memory that has no name."""
    file = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(file, f"{cert}\n{key}\n".encode())
        context.load_cert_chain(f"/proc/self/fd/{file}")
    finally:
        os.close(file)
