"""Who has how many of the sockets of a process."""

from collections import Counter

from core.settings import Settings
from graph.socket import Socket
from graph.socket_codes import Code
from rules.roles import Principal

SHARE = 4
"""One network has at most this part of the places for strangers."""


class Places:
    """The open sockets by users, and those of strangers by networks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._of_user: Counter[str] = Counter()
        self._of_network: Counter[str] = Counter()
        self._strangers: dict[Socket, str] = {}
        """Those who have shown no token, or not yet, with the networks they come from."""
        self._anonymous: dict[Socket, None] = {}
        """Of them, those who were greeted without one, in that order."""

    def has_room(self, network: str) -> bool:
        """Whether one more may come from there; a stranger who asks for nothing may have to go."""
        most = self._settings.sockets_unauthenticated
        if self._of_network[network] >= max(1, most // SHARE):
            return self._send_away(network)
        return len(self._strangers) < most or self._send_away(None)

    def arrive(self, socket: Socket) -> None:
        """Count a socket that has said nothing yet."""
        self._strangers[socket] = socket.network
        self._of_network[socket.network] += 1

    def greet(self, socket: Socket, principal: Principal | None) -> bool:
        """Count a socket to its principal; whether it may have one more."""
        if principal is None:
            self._anonymous[socket] = None
            return True
        if self._of_user[principal.subject] >= self._settings.sockets_per_user:
            return False
        self._of_user[principal.subject] += 1
        self._forget_stranger(socket)
        socket.principal = principal
        return True

    def forget(self, socket: Socket) -> None:
        """A socket is over."""
        self._forget_stranger(socket)
        if socket.principal is not None:
            subject, socket.principal = socket.principal.subject, None
            _take_one(self._of_user, subject)

    def _forget_stranger(self, socket: Socket) -> None:
        self._anonymous.pop(socket, None)
        network = self._strangers.pop(socket, None)
        if network is not None:
            _take_one(self._of_network, network)

    def _send_away(self, network: str | None) -> bool:
        """Close the anonymous socket that has been idle for longest, of this network or of any."""
        for socket in self._anonymous:
            if not socket.operations and network in (None, self._strangers[socket]):
                socket.line.close(Code.LATER, "others need the room")
                return True
        return False


def _take_one(counter: Counter[str], name: str) -> None:
    counter[name] -= 1
    if not counter[name]:
        del counter[name]
