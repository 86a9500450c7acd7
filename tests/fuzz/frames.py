"""Frames and sequences of frames that no client of the protocol sends, and bytes that are no frames."""

import json
import os
import socket
import struct
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection

from tests.fuzz.generating import JSON, ODD, TEXTS
from tests.fuzz.house import OWN, ROLES
from tests.fuzz.judging import CLOSINGS
from tests.fuzz.sending import PATIENCE, Sender

TYPES = ("connection_init", "subscribe", "complete", "ping", "pong", "next", "error", "start")
QUERIES = (
    "{ __typename }",
    "{ nope }",
    "query A { __typename } query B { kinds { key } }",
    f'subscription {{ inboxEvents(userId: "{OWN}") {{ cursor }} }}',
    f'subscription {{ inboxEvents(userId: "{OWN}", after: "x") {{ cursor }} }}',
    "query ($n: Int!, $t: String) { clients(first: $n, after: $t) { totalCount } }",
    f'mutation {{ createNotification(input: {{userId: "{OWN}", key: "new_post"}}) {{ unread }} }}',
    "{" * 3_000,
    "{ a " * 200,
)
DEEP = ("[" * 100_000, '{"type":' * 50_000, '{"type": "ping", "payload": ' + "9" * 5_000 + "}")
_QUERY = st.sampled_from(QUERIES) | TEXTS
_PAYLOAD = st.fixed_dictionaries(
    {"query": _QUERY},
    optional={
        "variables": st.dictionaries(st.sampled_from("nt"), JSON, max_size=2) | JSON,
        "operationName": st.sampled_from("AB") | JSON,
        "extensions": st.just({"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}) | JSON,
        "documentId": st.just("sha256:" + "0" * 64) | JSON,
    },
)
_MESSAGE = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES)},
    optional={"id": st.sampled_from("123") | JSON, "payload": _PAYLOAD | JSON},
)
_SUBSCRIBE = st.builds(
    lambda id_, payload: {"type": "subscribe", "id": id_, "payload": payload},
    st.sampled_from("123"),
    _PAYLOAD,
)
_WELL = _SUBSCRIBE | st.builds(
    lambda kind, id_: {"type": kind, "id": id_},
    st.sampled_from(("complete", "ping", "pong")),
    st.sampled_from("123"),
)
_ANY: st.SearchStrategy[str | bytes] = (
    (_MESSAGE | _SUBSCRIBE).map(json.dumps)
    | JSON.map(json.dumps)
    | TEXTS.map(lambda text: text.encode("utf-8", "replace").decode())
    | st.sampled_from(DEEP)
    | st.binary(max_size=200)
)
_FRAMES = st.builds(
    lambda before, strange, after: [*map(json.dumps, before), *strange, *map(json.dumps, after)],
    st.lists(_WELL, min_size=1, max_size=5),
    st.lists(_ANY, max_size=2),
    st.lists(_WELL, max_size=3),
)


class Sequence(NamedTuple):
    """What one socket says."""

    role: str
    greeted: bool
    frames: list[str | bytes]


SEQUENCES = st.builds(
    Sequence,
    st.sampled_from(ROLES),
    st.sampled_from((True, True, True, False)),
    _FRAMES,
)


def play(sender: Sender, sequence: Sequence, *, leave: bool) -> str:
    """Say all of it, and how that ended; `leave` vanishes without waiting for an answer.

    Raises AssertionError where the socket says nothing by the protocol.
    """
    try:
        with sender.line(sequence.role) as line:
            try:
                return _played(line, sequence, leave=leave)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 0
    except (InvalidStatus, ConnectionResetError, BrokenPipeError) as error:
        raise AssertionError(f"no socket: {error}") from None
    # A socket that is reset before its closing frame was read has no code.
    assert code in CLOSINGS | {0}, f"closed with {code}"
    return f"closed {code}"


def _played(line: ClientConnection, sequence: Sequence, *, leave: bool) -> str:
    if sequence.greeted:
        line.send('{"type": "connection_init"}')
        assert json.loads(line.recv(PATIENCE))["type"] == "connection_ack"
    for frame in sequence.frames:
        line.send(frame)
    if leave:
        with suppress(OSError):  # the other side may have been quicker
            line.socket.shutdown(socket.SHUT_RDWR)
        return "left"
    line.send('{"type": "ping", "payload": {"last": true}}')
    while True:
        said: dict[str, Any] = json.loads(line.recv(PATIENCE))
        assert said["type"] in {"connection_ack", "next", "error", "complete", "pong"}, said
        if said["type"] == "pong" and said.get("payload") == {"last": True}:
            return "answered"


def raw_frames(dice: Random) -> bytes:
    """Octets that begin like frames of RFC 6455, with lies in any of their parts."""
    return b"".join(_raw_frame(dice) for _ in range(dice.randint(1, 6)))


def _raw_frame(dice: Random) -> bytes:
    if dice.random() < 0.1:
        return dice.randbytes(dice.randrange(40))
    body = dice.choice(
        (
            b'{"type":"connection_init"}',
            json.dumps({"type": "ping", "payload": {"a": dice.choice(ODD)}}).encode(),
            dice.randbytes(dice.randrange(130)),
            struct.pack("!H", dice.choice((0, 999, 1000, 1005, 1006, 1015, 4400, 5000))) + b"bye",
            "ä".encode()[:1],
            b"",
        )
    )
    fin = dice.choice((0x80, 0x80, 0x80, 0))
    first = fin | dice.choice((1, 1, 1, 2, 0, 8, 9, 10, 3, 11, 0x41, 0x21))
    masked = 0x80 if dice.random() < 0.9 else 0
    head = bytes([first]) + _length(len(body), masked, dice)
    if not masked:
        return head + body
    mask = os.urandom(4)
    return head + mask + bytes(octet ^ mask[at % 4] for at, octet in enumerate(body))


def _length(true: int, masked: int, dice: Random) -> bytes:
    said = (
        true
        if dice.random() < 0.8
        else dice.choice((0, 1, 125, 65_535, 2**20 + 1, 2**63, 2**64 - 1))
    )
    form = dice.random()
    if said < 126 and form < 0.8:
        return bytes([masked | said])
    if said < 65_536 and form < 0.95:
        return bytes([masked | 126]) + struct.pack("!H", said)
    return bytes([masked | 127]) + struct.pack("!Q", said)


def play_raw(sender: Sender, role: str, octets: bytes) -> None:
    """Say octets over a socket behind its library's back, hear what may come, and go."""
    with suppress(WebSocketException, OSError), sender.line(role) as line:
        line.socket.sendall(octets)
        with suppress(TimeoutError):
            line.recv(0.05)
        line.socket.shutdown(socket.SHUT_RDWR)
