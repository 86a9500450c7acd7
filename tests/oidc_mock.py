"""oidc-provider-mock as a process of its own: `python tests/oidc_mock.py PORT`.

It leaves PKCE unchecked, so that is done here, before it sees a request; and it is a process of its
own because Authlib's side of providers, which it is made of, warns of what will change.
"""

import sys
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import flask
from oidc_provider_mock import User, app

PEOPLE = {
    "ann": {"name": "Ann Ringer", "groups": ["town", "belfry-admins"]},
    "bob": {"name": "Bob", "groups": ["town"]},
}


def provider() -> flask.Flask:
    """A provider that insists on PKCE by S256 and on a nonce, and takes a code for no other verifier."""
    people = [User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]
    made: flask.Flask = app(require_nonce=True, user_claims=people)
    challenges: dict[str, str] = {}

    @made.before_request
    def check() -> flask.Response | None:
        if flask.request.path == "/oauth2/authorize":
            given = flask.request.args.get("code_challenge_method")
            return None if given == "S256" else flask.Response("no PKCE by S256", 400)
        if flask.request.path != "/oauth2/token":
            return None
        digest = sha256(flask.request.form.get("code_verifier", "").encode()).digest()
        challenge = challenges.get(flask.request.form.get("code", ""))
        if challenge == urlsafe_b64encode(digest).decode().rstrip("="):
            return None
        return flask.make_response({"error": "invalid_grant"}, 400)

    @made.after_request
    def remember(response: flask.Response) -> flask.Response:
        back = parse_qs(urlsplit(response.headers.get("Location", "")).query)
        for code in back.get("code", []):
            challenges[code] = flask.request.args["code_challenge"]
        return response

    return made


if __name__ == "__main__":
    provider().run("127.0.0.1", int(sys.argv[1]), debug=False, use_reloader=False)
