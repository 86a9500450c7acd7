"""The settings by which people sign in to the console at an identity provider."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class SignIn(BaseSettings):
    """Where people sign in, what their roles follow from, and how long that holds."""

    oidc_url: str = Field(
        "",
        description="Issuer of an OpenID Connect provider, or the URL of its discovery document, "
        "https only, where people sign in to the console; empty: by tokens only. Needs JWT_SECRET.",
    )
    oidc_client_id: str = Field("", description="What Belfry is called there.")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="Its secret; empty for a public client."
    )
    oidc_scopes: str = Field(
        "openid profile email", description="What is asked for there; `openid` must be among it."
    )
    oidc_role_claim: str = Field(
        "roles",
        min_length=1,
        description="Claim of the ID token with the role or a list of them; may be a path, as "
        "JWT_ROLE_CLAIM.",
    )
    oidc_roles: str = Field(
        "",
        description="What the provider's names mean here, like `belfry-admins=admin,belfry-ops=operator`; "
        "names of roles stand for themselves.",
    )
    session_hours: float = Field(
        10, ge=0.1, le=720, description="How long somebody stays signed in to the console, at most."
    )
    session_idle_minutes: float = Field(
        60,
        ge=10,
        le=43_200,
        description="How long somebody stays signed in who has the console open nowhere.",
    )
