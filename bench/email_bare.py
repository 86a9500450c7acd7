"""The ceiling of e-mail: a bare `sendmail(bytes)` loop on kept connections onto the same sink.

No database, no attempts, no counters, no log. Run with a port, a number of connections, a count
and a text.
"""

import asyncio
import sys
import time
from collections.abc import Iterator

import aiosmtplib
import orjson
import uvloop

from bench.stage import SENDER, SUBJECT, email_of
from local.ports import LOOPBACK

MAIL = """From: Belfry <{sender}>\r
To: {recipient}\r
Subject: {subject}\r
Date: Mon, 02 Nov 2026 08:00:00 +0000\r
Message-ID: <{number}@example.com>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 7bit\r
\r
{text}\r
"""


async def run(port: int, connections: int, count: int, text: str) -> dict[str, float]:
    """Send them all; the rate and the processor time of each in microseconds."""
    clients = [
        aiosmtplib.SMTP(hostname=LOOPBACK, port=port, start_tls=False) for _ in range(connections)
    ]
    for client in clients:
        await client.connect()
    start, cpu = time.perf_counter(), time.process_time()
    left = iter(range(1, count + 1))
    await asyncio.gather(*(_send(client, left, text) for client in clients))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    for client in clients:
        await client.quit()
    return {"rate": count / seconds, "cpu_us": cpu / count * 1e6}


async def _send(client: aiosmtplib.SMTP, numbers: Iterator[int], text: str) -> None:
    for number in numbers:
        recipient = email_of(number)
        mail = MAIL.format(
            sender=SENDER, recipient=recipient, subject=SUBJECT, number=number, text=text
        )
        await client.sendmail(SENDER, [recipient], mail.encode("ascii"))


def main() -> None:
    """Print what came of it, as JSON."""
    port, connections, count, text = sys.argv[1:]
    done = uvloop.run(run(int(port), int(connections), int(count), text))
    sys.stdout.buffer.write(orjson.dumps(done))


if __name__ == "__main__":
    main()
