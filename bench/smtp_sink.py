"""A lean SMTP server that takes every mail and keeps only the ids; run with a port.

aiosmtpd would be the limit of both rivals. XCOUNT answers how many mails came and how many
different ids they had, XCLEAR forgets them, XPAUSE says after how many milliseconds a mail is
answered.
"""

import asyncio
import re
import sys
from typing import cast

import uvloop

from local.ports import LOOPBACK

_MESSAGE_ID = re.compile(rb"^Message-ID: <([^@>\s]+)@", re.MULTILINE)
_END = b"\r\n.\r\n"
_ANSWERS = {
    b"EHLO": b"250-sink\r\n250 SIZE 16777216\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Taken:
    """What has come in."""

    def __init__(self) -> None:
        self.count = 0
        self.ids: set[bytes] = set()
        self.pause_seconds = 0.0

    def take(self, mail: bytes) -> None:
        """Count a mail."""
        found = _MESSAGE_ID.search(mail)
        self.count += 1
        self.ids.add(found[1] if found else b"")

    def clear(self) -> None:
        """Begin again."""
        self.count = 0
        self.ids.clear()


class Conversation(asyncio.Protocol):
    """One client's connection: commands line by line, and contents up to their dot."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._buffer = b""
        self._within_content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.WriteTransport, transport)
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer everything that is whole."""
        self._buffer += data
        while True:
            ending = _END if self._within_content else b"\r\n"
            whole, found, rest = self._buffer.partition(ending)
            if not found:
                return
            self._buffer = rest
            if self._within_content:
                self._content(whole)
            else:
                self._transport.write(self._say(whole))

    def _content(self, mail: bytes) -> None:
        self._within_content = False
        self._taken.take(mail)
        loop = asyncio.get_running_loop()
        loop.call_later(self._taken.pause_seconds, self._transport.write, b"250 kept\r\n")

    def _say(self, command: bytes) -> bytes:
        verb = command[:6].split(b" ")[0].upper()
        self._within_content = verb == b"DATA"
        if verb == b"XCOUNT":
            return b"250 %d %d\r\n" % (self._taken.count, len(self._taken.ids))
        if verb == b"XPAUSE":
            self._taken.pause_seconds = int(command[6:]) / 1_000
        if verb == b"XCLEAR":
            self._taken.clear()
        return _ANSWERS.get(verb, b"250 OK\r\n")


async def _serve(port: int) -> None:
    taken = Taken()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(taken), LOOPBACK, port)
    await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    uvloop.run(_serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
