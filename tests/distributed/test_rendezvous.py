"""Connections between workers: who is let in, and how long is waited."""

import socket
import threading

import pytest

from pwcnet.distributed import rendezvous
from pwcnet.distributed.rendezvous import (
    accept_workers,
    connect_to_leader,
    listen,
    wait_for_addresses,
)

KEY = b"a key"


@pytest.fixture
def leader():
    """(port, connect in threads, join): a leader that waits for the workers 1 and 2."""
    accepted = []
    with listen("127.0.0.1") as listener:
        thread = threading.Thread(
            target=lambda: accepted.extend(accept_workers(listener, [1, 2], KEY, 30))
        )
        thread.start()
        yield listener.getsockname()[1], lambda: (thread.join(30), accepted)[1]
        thread.join(30)


def test_workers_with_the_key_are_let_in_and_nobody_else(leader, caplog):
    port, accepted = leader
    with socket.create_connection(("127.0.0.1", port)):
        pass  # a port scan
    with socket.create_connection(("127.0.0.1", port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n" + b"x" * 100)
    with pytest.raises(ValueError, match="PWCNET_SECRET"):
        connect_to_leader("127.0.0.1", port, 1, b"another key")
    second = connect_to_leader("127.0.0.1", port, 2, KEY)
    with pytest.raises(OSError):
        connect_to_leader("127.0.0.1", port, 2, KEY).sendall(b"x" * 10**7)  # its place is taken
    first = connect_to_leader("127.0.0.1", port, 1, KEY)
    first.sendall(b"1")
    second.sendall(b"2")
    assert [connection.recv(1) for connection in accepted()] == [b"1", b"2"]
    assert caplog.text.count("turned away a connection from 127.0.0.1") == 4


def test_a_leader_without_the_key_is_refused():
    with listen("127.0.0.1") as listener:

        def pretend():
            connection = listener.accept()[0]
            connection.sendall(bytes(rendezvous.RANDOM))
            connection.recv(1000)
            connection.sendall(bytes(rendezvous.DIGEST))

        thread = threading.Thread(target=pretend)
        thread.start()
        with pytest.raises(ValueError, match="PWCNET_SECRET"):
            connect_to_leader("127.0.0.1", listener.getsockname()[1], 1, KEY)
        thread.join(30)


def test_a_silent_connection_is_turned_away_in_time(leader, monkeypatch):
    monkeypatch.setattr(rendezvous, "HANDSHAKE_SECONDS", 0.2)
    port, accepted = leader
    with socket.create_connection(("127.0.0.1", port), 20) as silent:
        while silent.recv(100):
            pass  # until the leader closes it
    monkeypatch.undo()
    connections = [connect_to_leader("127.0.0.1", port, rank, KEY) for rank in (1, 2)]
    assert len(accepted()) == len(connections)


def test_it_listens_at_the_named_address_alone():
    with listen("127.0.0.1") as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
    with listen("192.0.2.1") as listener:  # none of this machine's
        assert listener.getsockname()[0] == "0.0.0.0"


def test_missing_workers_are_named_in_time():
    with listen("127.0.0.1") as listener, pytest.raises(ValueError, match="1, 2 .*0.1 seconds"):
        accept_workers(listener, [1, 2], KEY, 0.1)
    with listen("127.0.0.1") as listener:
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        wait_for_addresses([address], 5)
    with pytest.raises(ValueError, match=address):
        wait_for_addresses([address], 0.1)
    with pytest.raises(ValueError, match=address):
        connect_to_leader("127.0.0.1", int(address.split(":")[1]), 1, KEY)
