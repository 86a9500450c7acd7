"""The settings of sign-in: a start with some that can't work says which."""

import pytest

from core import oidc
from core.errors import ConfigurationError
from core.settings import load
from tests.issuer import CLIENT

GOOD = {
    "oidc_url": "https://id.example.com",
    "oidc_client_id": CLIENT,
    "jwt_secret": "s" * 32,
}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"oidc_url": "http://id.example.com"}, "OIDC_URL must begin with https"),
        ({"oidc_client_id": ""}, "OIDC_CLIENT_ID"),
        ({"oidc_client_secret": "schlüssel"}, "ASCII"),
        ({"oidc_scopes": "profile"}, "`openid`"),
        ({"jwt_secret": "", "jwks_url": "https://id.example.com/keys"}, "needs JWT_SECRET as well"),
        ({"jwt_secret": "short"}, "32 bytes"),
    ],
)
def test_a_start_says_what_is_missing(wrong: dict[str, str], said: str) -> None:
    oidc.check(load(_env_file=None, **GOOD))
    with pytest.raises(ConfigurationError, match=said):
        oidc.check(load(_env_file=None, **{**GOOD, **wrong}))
