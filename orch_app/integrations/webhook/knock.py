"""Whether somebody is there: a connection and, with https, the certificate; no request, which would be an event."""

import socket
import ssl
from urllib.parse import urlsplit

from orch_app.integrations.identity import Identity
from orch_app.kit.egress import resolve
from orch_app.kit.http import SCHEME_PORTS
from orch_app.kit.upstream_failures import UpstreamError

TIMEOUT_S = 10.0


def knock(url: str, allow: tuple[str, ...] = ()) -> Identity:
    """Connect to where a webhook is sent, and say nothing.

    Raises:
        UpstreamError: nobody is there (`unreachable`, `timeout`), or its certificate cannot be trusted (`tls`).
        EgressRefused: it may not be connected to.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or SCHEME_PORTS[parts.scheme]
    address = resolve(host, port, allow)[0]
    try:
        with socket.create_connection((address, port), TIMEOUT_S) as plain:
            if parts.scheme == "https":
                with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured:
                    return Identity(f"{host}:{port}, {secured.version()}")
    except ssl.SSLError as error:
        raise UpstreamError("tls", f"There is no trusted TLS connection to {host}: {error}.") from None
    except TimeoutError:
        raise UpstreamError("timeout", f"{host} did not answer in time.") from None
    except OSError as error:
        raise UpstreamError("unreachable", f"{host} cannot be reached: {error.strerror or error}.") from None
    return Identity(f"{host}:{port}")
