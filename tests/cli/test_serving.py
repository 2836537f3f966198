"""The server of one page: who may ask, how long, and what is said of those who leave."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

import pytest

from mc_sie.cli import serving

PAGE = b"<!doctype html>" + b"x" * 3_000_000


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(serving, "PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr(serving._Handler, "timeout", 1.0)
    found = serving.PageServer(0)
    found.page = PAGE
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


def answer(server, request: str) -> tuple[int, bytes, bytes]:
    """Status, head and body of the answer to a request, byte for byte."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(request.replace("PORT", str(server.server_port)).encode())
        parts = []
        while part := connection.recv(1 << 16):
            parts.append(part)
    head, _, body = b"".join(parts).partition(b"\r\n\r\n")
    return int(head.split()[1]), head, body


@pytest.mark.parametrize("host", ["localhost:PORT", "127.0.0.1:PORT", "[::1]:PORT", "LocalHost:PORT"])
@pytest.mark.parametrize("path", ["/", "/index.html", "/?a=b"])
def test_this_machine_gets_the_page(server, host, path):
    status, head, body = answer(server, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")
    assert (status, body) == (200, PAGE)
    assert f"Content-Length: {len(PAGE)}".encode() in head


@pytest.mark.parametrize(
    "head",
    [
        "Host: elsewhere.example:PORT\r\n",
        "Host: elsewhere.example\r\n",
        "Host: localhost.elsewhere.example:PORT\r\n",
        "Host: localhost\r\n",
        "Host: localhost:1\r\n",
        "Host: 127.0.0.1\r\n",
        "Host: 127.0.0.2:PORT\r\n",
        "Host: localhost:PORT, elsewhere.example\r\n",
        "Host: localhost:PORT\r\nHost: elsewhere.example\r\n",
        "Host:\r\n",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_name_that_leads_here_from_elsewhere_gets_nothing(server, method, head):
    status, _, body = answer(server, f"{method} / HTTP/1.1\r\n{head}\r\n")
    assert (status, body) == (421, b"")


def test_a_head_is_that_of_the_page_without_it(server):
    request = " / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n"
    status, head, body = answer(server, "HEAD" + request)
    _, whole, _ = answer(server, "GET" + request)
    assert (status, body) == (200, b"")
    lines, expected = ([line for line in one.split(b"\r\n") if not line.startswith(b"Date")] for one in (head, whole))
    assert lines == expected


@pytest.mark.parametrize(
    "request_line", ["GET /etc/passwd", "GET /../..", "GET //etc/passwd", "GET http://elsewhere.example/"]
)
def test_there_is_nothing_but_the_page(server, request_line):
    status, _, body = answer(server, f"{request_line} HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n")
    assert (status, body) == (404, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "x"])
def test_nothing_can_be_sent(server, method):
    assert answer(server, f"{method} / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n")[0] == 501


def test_a_slow_client_is_left(server):
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        start = time.monotonic()
        with pytest.raises(OSError, match=r"pipe|reset"):  # noqa: PT012 (the time at which it happens is the test)
            for byte in b"GET / HTTP/1.1\r\nX: " + b"x" * 1000:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)
        assert time.monotonic() - start < 8.0  # fifty seconds if each byte bought a second


def test_a_client_that_fetches_nothing_is_left(server):
    server.page = 20 * PAGE  # more than the system keeps for a client
    got = 0
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: localhost:{server.server_port}\r\n\r\n".encode())
        time.sleep(2.5)
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(1 << 16):
                got += len(part)
    assert got < len(server.page)


def test_nothing_is_said_of_clients_that_leave(server, capfd):
    for request in (b"", b"GET", b"GET / HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % server.server_port):
        connection = socket.create_connection(("127.0.0.1", server.server_port))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not an end
        connection.sendall(request)
        time.sleep(0.05)
        connection.close()
    time.sleep(0.2)
    assert answer(server, "GET / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_our_own_mistake_is_shown(server, capfd, monkeypatch):
    monkeypatch.setattr(serving._Handler, "do_GET", lambda _: 1 / 0)
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        connection.recv(1)
    assert "ZeroDivisionError" in capfd.readouterr().err
