"""What is given up is taken back, as the other side sees it."""

import asyncio
import errno
import socket

from channels.channel import Envelope, Sent
from channels.email import Email
from channels.mime import Sender
from channels.sending_api import SendingApi

LETTER = Envelope("0c9d-1", 4711, "79001234567", "Hello", "A bell")
MAIL = Envelope("0c9d-1", 1, "ada@example.org", "Hello", "A bell")
PATIENCE = 60.0


def mail_to(server: socket.socket) -> Email:
    """The channel of mail to a server of ours."""
    host, port = server.getsockname()
    return Email(host, port, Sender("Belfry", "belfry@example.com"))


def listening() -> socket.socket:
    """A server that accepts when it is told to."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0)
    return server


async def accepted(server: socket.socket) -> socket.socket:
    """The next connection."""
    async with asyncio.timeout(PATIENCE):
        line, _ = await asyncio.get_running_loop().sock_accept(server)
    return line


async def ending(line: socket.socket) -> int:
    """The error that a connection ends with; one that ends in order has none, and this no end."""
    async with asyncio.timeout(PATIENCE):
        while not (error := line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
            await asyncio.sleep(0.01)
    return error


async def test_a_request_that_is_given_up_is_taken_back() -> None:
    with listening() as server:
        api = SendingApi(f"http://127.0.0.1:{server.getsockname()[1]}", "", 4)
        sending = asyncio.create_task(api.send(LETTER, PATIENCE))
        with await accepted(server) as line:
            await asyncio.get_running_loop().sock_recv(line, 1)
            sending.cancel()
            assert await ending(line) == errno.ECONNRESET
        await api.close()


async def handed_over(line: socket.socket) -> None:
    """Let a client say everything, and don't answer its final dot."""
    loop, said = asyncio.get_running_loop(), b""
    for answer in (b"220 hello", b"250 OK", b"250 OK", b"250 OK", b"354 go on"):
        await loop.sock_sendall(line, answer + b"\r\n")
        said = await loop.sock_recv(line, 65_536)
    while not said.endswith(b"\r\n.\r\n"):
        said += await loop.sock_recv(line, 65_536)


async def test_a_mail_that_is_given_up_is_taken_back() -> None:
    with listening() as server:
        sending = asyncio.create_task(mail_to(server).send(MAIL, PATIENCE))
        with await accepted(server) as line:
            await handed_over(line)
            sending.cancel()
            assert await ending(line) == errno.ECONNRESET


async def test_a_goodbye_arrives() -> None:
    loop = asyncio.get_running_loop()
    with listening() as server:
        email = mail_to(server)
        sending = asyncio.create_task(email.send(MAIL, PATIENCE))
        with await accepted(server) as line:
            await handed_over(line)
            await loop.sock_sendall(line, b"250 kept\r\n")
            assert isinstance(await sending, Sent)
            await email.close()
            assert [await loop.sock_recv(line, 99) for _ in range(2)] == [b"QUIT\r\n", b""]
