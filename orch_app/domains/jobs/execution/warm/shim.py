"""What ansible-runner starts as `ansible-playbook` when a warm server runs the play.

Run with `python -I -S -E shim.py ARGV...`. Standard input is the lifeline; its first byte carries a connection to the
server. The shim hands over command line, environment, folder and its three descriptors, and stays until the play has
ended. If the server cannot start the play it says so on the lifeline, `{"refused": why}`, and nothing has happened:
the play begins only when the shim has answered that it still waits. Its modules are chosen to load in no time.
"""

import _socket  # `socket` alone takes as long to load as the rest of this program to run
import marshal
import os
import sys

REFUSED = 124
_START_S = 30.0
_PLACE = 4  # bytes of one descriptor in a control message


def main(argv: list[str]) -> int:
    """Hand the play over and wait for its exit code."""
    lifeline = _socket.socket(fileno=os.dup(0))
    try:
        server = _connection(lifeline)
        server.settimeout(_START_S)
        _hand_over(server, ["ansible-playbook", *argv])
        _await_start(server)
    except OSError as error:
        return _refuse(str(error))
    server.settimeout(None)
    code = server.recv(1)
    return code[0] if code else 255


def _connection(lifeline: _socket.socket) -> _socket.socket:
    _, control, _, _ = lifeline.recvmsg(1, _socket.CMSG_SPACE(_PLACE))
    for _, kind, data in control:
        if kind == _socket.SCM_RIGHTS:
            return _socket.socket(fileno=int.from_bytes(data[:_PLACE], sys.byteorder))
    raise OSError("the worker is gone")


def _hand_over(server: _socket.socket, argv: list[str]) -> None:
    data = marshal.dumps((argv, dict(os.environ), os.getcwd()))
    places = b"".join(number.to_bytes(_PLACE, sys.byteorder) for number in (0, 1, 2))
    server.sendmsg([len(data).to_bytes(4, "little")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, places)])
    server.sendall(data)


def _await_start(server: _socket.socket) -> None:
    """Wait until the sandbox stands, then say that we are still here: only now the play begins."""
    if server.recv(1) != b"R":
        raise OSError(server.recv(4096).decode(errors="replace") or "the server went away")
    server.sendall(b"G")


def _refuse(why: str) -> int:
    import json  # noqa: PLC0415 - only a refusal needs it

    os.write(0, json.dumps({"refused": why}).encode() + b"\n")
    return REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
