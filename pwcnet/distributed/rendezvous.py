"""Connections between the leader and the other workers, which know each other by a shared key.

A worker proves with an HMAC of the leader's random bytes that it has the key, and the leader the
same to the worker. What is no worker is turned away, and the leader waits on.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import socket
import struct
import time
from typing import Sequence

RANDOM = 32  # bytes of a challenge
DIGEST = hashlib.sha256().digest_size
RANK = struct.Struct("<I")
HANDSHAKE_SECONDS = 10.0  # that a connection has to prove itself
RETRY_SECONDS = 0.2

log = logging.getLogger(__name__)


def host_of(address: str) -> str:
    """Returns the host of host:port, without the brackets of an IPv6 address."""
    return address.rsplit(":", 1)[0].strip("[]")


def listen(host: str) -> socket.socket:
    """Returns a listening socket on a free port of the address that a host's name stands for.

    Where this machine does not have that address, behind a router or in a container, it listens on
    all of its addresses.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError:
        listener = socket.socket()
        listener.bind(("", 0))
    listener.listen()
    return listener


def accept_workers(
    listener: socket.socket, ranks: Sequence[int], key: bytes, seconds: float
) -> list[socket.socket]:
    """Waits until every one of the ranks has connected and proved that it has the key.

    Args:
        listener: Of `listen`.
        ranks: The workers to wait for.
        key: The workers' key.
        seconds: How long to wait.

    Returns:
        The connections, by rank.

    Raises:
        ValueError: Workers are missing when the time is over; the message has their ranks.
    """
    workers: dict[int, socket.socket] = {}
    until = time.monotonic() + seconds
    while len(workers) < len(ranks):
        listener.settimeout(max(until - time.monotonic(), 0.001))
        try:
            connection, address = listener.accept()
        except socket.timeout:
            absent = ", ".join(str(rank) for rank in ranks if rank not in workers)
            raise ValueError("Worker %s did not connect within %g seconds" % (absent, seconds))
        try:
            rank = _prove_leader(connection, key)
        except OSError:
            rank = None
        if rank is not None and rank in ranks and rank not in workers:
            workers[rank] = connection
        else:
            log.warning("turned away a connection from %s: it is none of the workers", address[0])
            connection.close()
    return [workers[rank] for rank in ranks]


def connect_to_leader(host: str, port: int, rank: int, key: bytes) -> socket.socket:
    """Connects to the leader.

    Args:
        host: The leader's host.
        port: Where it listens.
        rank: This worker's number.
        key: The workers' key.

    Raises:
        ValueError: The leader cannot be reached, or has another key.
    """
    try:
        connection = socket.create_connection((host, port), HANDSHAKE_SECONDS)
    except OSError as error:
        raise ValueError(
            "Worker %d cannot connect to the leader at %s:%d (%s)"
            % (rank, host, port, error.strerror or error)
        )
    try:
        challenge, mine = _receive(connection, RANDOM), os.urandom(RANDOM)
        number = RANK.pack(rank)
        connection.sendall(number + mine + _digest(key, b"worker", challenge, number))
        answer = _receive(connection, DIGEST)
    except OSError:
        answer = b""
    if not answer or not hmac.compare_digest(answer, _digest(key, b"leader", mine)):
        connection.close()
        raise ValueError(
            "Worker %d and the leader at %s:%d have different keys; PWCNET_SECRET must be the same "
            "on all machines" % (rank, host, port)
        )
    connection.settimeout(None)
    return connection


def wait_for_addresses(addresses: Sequence[str], seconds: float) -> None:
    """Waits until something listens at each of the addresses.

    Args:
        addresses: host:port of the other workers.
        seconds: How long to wait.

    Raises:
        ValueError: One does not answer in time; the message names it.
    """
    until = time.monotonic() + seconds
    for address in addresses:
        host, port = host_of(address), address.rsplit(":", 1)[1]
        while True:
            try:
                socket.create_connection((host, int(port)), HANDSHAKE_SECONDS).close()
                break
            except OSError as error:
                if time.monotonic() > until:
                    raise ValueError(
                        "The worker at %s has not started within %g seconds (%s)"
                        % (address, seconds, error.strerror or error)
                    )
                time.sleep(RETRY_SECONDS)


def _prove_leader(connection: socket.socket, key: bytes) -> int | None:
    """The rank of the worker at the other end; None where it does not have the key."""
    connection.settimeout(HANDSHAKE_SECONDS)
    challenge = os.urandom(RANDOM)
    connection.sendall(challenge)
    number, theirs = _receive(connection, RANK.size), _receive(connection, RANDOM)
    answer = _receive(connection, DIGEST)
    if not hmac.compare_digest(answer, _digest(key, b"worker", challenge, number)):
        return None
    connection.sendall(_digest(key, b"leader", theirs))
    connection.settimeout(None)
    return int(RANK.unpack(number)[0])


def _digest(key: bytes, *parts: bytes) -> bytes:
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def _receive(connection: socket.socket, size: int) -> bytes:
    """Exactly so many bytes; ConnectionError where the other end closes before."""
    data = b""
    while len(data) < size:
        block = connection.recv(size - len(data))
        if not block:
            raise ConnectionError("the connection was closed")
        data += block
    return data
