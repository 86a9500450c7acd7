"""What imports and exports share: who asks, and the parameters of the URL."""

from collections.abc import Collection
from difflib import get_close_matches

from starlette.requests import Request

from graph import form, gate
from graph import request as asked
from graph.context import Context
from graph.http import context_for
from graph.rejection import Rejected
from rules.table import Format

MOST_PARAMETERS = 400
_FLAGS = {"true": True, "false": False}


async def enter(request: Request, headers: dict[str, str], *, by_form: bool = False) -> Context:
    """Who asks, counted as one operation; raises Rejected, and what the gate raises.

    What is left of the caller's rate goes into `headers`. With `by_form` the body of a POST is a
    form that says who asks.
    """
    asked.check_sender(request, request.app.state.parts.settings)
    shown = request.headers.get("authorization")
    context = await context_for(request, await form.authorization(request) if by_form else shown)
    if allowance := await gate.admit(context):
        headers |= allowance.headers
    return context


class Parameters:
    """Those of the URL; one that is not known, or said twice where it may not, is refused."""

    def __init__(
        self, request: Request, *, one: Collection[str], many: Collection[str] = ()
    ) -> None:
        """Raises Rejected."""
        self._said: dict[str, list[str]] = {}
        for name, value in asked.parameters(request, MOST_PARAMETERS):
            if name not in one and name not in many:
                raise Rejected(400, _unknown(name, [*one, *many]))
            if name in self._said and name not in many:
                raise Rejected(400, f"the URL has `{name}` twice")
            self._said.setdefault(name, []).append(value)

    def one(self, name: str) -> str | None:
        """The value of one that may come once."""
        return self._said.get(name, [None])[0]

    def many(self, name: str) -> list[str]:
        """The values of one that may come again and again."""
        return self._said.get(name, [])

    def flag(self, name: str) -> bool:
        """Whether it is `true`; raises Rejected on anything but that and `false`."""
        said = self.one(name) or "false"
        if said not in _FLAGS:
            raise Rejected(400, f"`{name}` is true or false")
        return _FLAGS[said]

    def format(self) -> Format:
        """The format asked for; raises Rejected where it is missing or none of ours."""
        try:
            return Format(self.one("format") or "")
        except ValueError:
            raise Rejected(400, f"`format` is {' or '.join(Format)}") from None


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name[:64], known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
    return f"the URL has a parameter `{name[:64]}` that is not known; {hint}"
