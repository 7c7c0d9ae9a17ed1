"""A web process that is told to stop ends at once, whatever its clients wait for, and their connections end with it."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.e2e.product import Product, client_of, new_product

DEADLINE_S = 60.0
SERVICE_RESTART = 1012


def closing_code(socket: ClientConnection) -> int | None:
    """Read until the server ends the connection."""
    try:
        while True:
            socket.recv(DEADLINE_S)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def waiting_job(product: Product) -> str:
    """A job that no worker takes."""
    with client_of(product, "admin") as client:
        client.post("/v1/runbooks/sync").raise_for_status()
        return client.post("/v1/runbooks/host_report/execute", json={}).raise_for_status().json()["jobId"]


def test_streams_sockets_and_long_polls_end_when_the_web_process_is_told_to_stop(screens: None, tmp_path: Path) -> None:
    product = new_product(tmp_path / "data")
    for role in ("admin", "operator"):
        product.add_user(role)
    with ExitStack() as stack:
        web = stack.enter_context(product.process("web", path="/login/"))
        job = waiting_job(product)
        client = stack.enter_context(client_of(product))
        headers = {"Authorization": client.headers["Authorization"]}
        paths = ("/v1/ws", f"/v1/ws/jobs/{job}", "/_event/?EIO=4&transport=websocket")
        addresses = [product.url.replace("http", "ws", 1) + path for path in paths]
        opened = [connect(address, additional_headers=headers, origin=product.url) for address in addresses]  # pyright: ignore[reportArgumentType]
        sockets = [stack.enter_context(socket) for socket in opened]
        pool = stack.enter_context(ThreadPoolExecutor(8))
        codes = [pool.submit(closing_code, socket) for socket in sockets]
        poll = pool.submit(client.get, f"/v1/jobs/{job}", params={"wait": 60})
        with client.stream("GET", f"/v1/jobs/{job}/logs/stream") as stream:
            parts = stream.iter_text()
            assert "event: status" in next(parts)
            time.sleep(1)  # the long poll is on its way by now; nothing tells when it has arrived
            web.send_signal(signal.SIGTERM)
            assert "event: end" not in "".join(parts)
        assert poll.result(DEADLINE_S).json()["status"] == "PENDING"
        assert [code.result(DEADLINE_S) for code in codes[:2]] == [SERVICE_RESTART, SERVICE_RESTART]
        assert codes[2].result(DEADLINE_S) is not None
        assert web.wait(DEADLINE_S) == 0
    for word in ("refused to gracefully stop", "Traceback", "never retrieved"):
        assert word not in product.log("web")
