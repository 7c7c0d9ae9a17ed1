"""HTTP to the outside: a client whose connections go only to addresses that the egress guard has judged."""

import socket
import ssl
from collections.abc import Iterable
from functools import lru_cache

import httpx

from orch_app.kit.egress import resolve
from orch_app.kit.tracing import pass_on

SCHEME_PORTS = {"http": 80, "https": 443}
TIMEOUT_S = 10.0


class PinnedTransport(httpx.BaseTransport):
    """Looks a name up once, judges its addresses and connects to them; TLS still checks the name."""

    def __init__(self, allow: Iterable[str] = (), inner: httpx.BaseTransport | None = None) -> None:
        self._allow = tuple(allow)
        self._inner = inner or httpx.HTTPTransport(retries=0, trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the first judged address that takes the connection.

        Raises:
            EgressRefused: no address of the host may be connected to.
            httpx.ConnectError: none of the judged addresses answers.
        """
        pass_on(request.headers)
        host, scheme = request.url.host, request.url.scheme
        port = request.url.port or SCHEME_PORTS.get(scheme, 0)
        addresses = resolve(host, port, self._allow)
        for address in addresses[:-1]:
            try:
                return self._inner.handle_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return self._inner.handle_request(_pinned(request, addresses[-1]))

    def close(self) -> None:
        self._inner.close()


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The same request to an address; the Host header and the TLS name stay those of the host."""
    extensions = {**request.extensions, "sni_hostname": request.url.host}
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions=extensions,
    )


def guarded_client(
    allow: Iterable[str] = (), *, timeout_s: float = TIMEOUT_S, verify: bool | ssl.SSLContext = True
) -> httpx.Client:
    """A client for outside systems: pinned, without redirects and without proxies from the environment.

    `verify` may be the TLS context of a system that has an authority or wants a certificate of its own.
    """
    inner = httpx.HTTPTransport(retries=0, trust_env=False, verify=_usual_tls() if verify is True else verify)
    return _client(PinnedTransport(allow, inner), timeout_s)


def socket_client(path: str, *, timeout_s: float = TIMEOUT_S) -> httpx.Client:
    """A client for a program of this machine that listens on a socket of the file system; its URLs name any host."""
    return _client(_SocketTransport(path), timeout_s)


class _SocketTransport(httpx.BaseTransport):
    """Speaks to a socket of the file system. Whether somebody listens there is tried first: httpcore would leak it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._inner = httpx.HTTPTransport(retries=0, trust_env=False, verify=_usual_tls(), uds=path)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request.

        Raises:
            httpx.ConnectError: nobody listens there, or it may not be opened.
        """
        try:
            with socket.socket(socket.AF_UNIX) as trial:
                trial.connect(self._path)
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def _client(transport: httpx.BaseTransport, timeout_s: float) -> httpx.Client:
    return httpx.Client(transport=transport, timeout=timeout_s, follow_redirects=False, trust_env=False)


@lru_cache(maxsize=1)
def _usual_tls() -> ssl.SSLContext:
    """The authorities that everybody trusts; to read them takes longer than most calls."""
    return httpx.create_ssl_context(trust_env=False)
