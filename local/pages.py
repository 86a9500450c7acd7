"""Small self-contained pages: HTML that escapes what it shows and loads nothing."""

from jinja2 import Environment, StrictUndefined
from starlette.responses import HTMLResponse

_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title><style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #8884; padding: .3rem .6rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere }
pre { white-space: pre-wrap; margin: 0; font: inherit }
:root { color-scheme: light dark }
</style></head><body><h1>{{ title }}</h1>
"""

_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}

_environment = Environment(autoescape=True, undefined=StrictUndefined)


class Page:
    """A page with a title; the rest is a Jinja template."""

    def __init__(self, title: str, content: str) -> None:
        """Compile the template once."""
        self._title = title
        self._template = _environment.from_string(_FRAME + content + "</body></html>")

    def show(self, **values: object) -> HTMLResponse:
        """The page, filled."""
        content = self._template.render(title=self._title, **values)
        return HTMLResponse(content, headers=_POLICY)
