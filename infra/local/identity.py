"""The local identity provider: the emulator's Cognito, with a user pool like the one of the template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.local.arguments import ROLES
from infra.local.engine import REGION


class Identity:
    """The user pool of this service; `settings` remembers its ids from one start to the next."""

    def __init__(self, cognito: Any, engine_url: str, settings: dict[str, str]) -> None:
        self._cognito = cognito
        self._url = engine_url
        self._settings = settings

    @property
    def pool_id(self) -> str:
        return self._settings["pool_id"]

    @property
    def client_id(self) -> str:
        return self._settings["client_id"]

    @property
    def issuer(self) -> str:
        """What the tokens say in `iss`: the address on AWS, where nobody listens for this pool."""
        return f"https://cognito-idp.{REGION}.amazonaws.com/{self.pool_id}"

    @property
    def keys_url(self) -> str:
        return f"{self._url}/{self.pool_id}/.well-known/jwks.json"

    @property
    def authorize_url(self) -> str:
        return f"{self._url}/oauth2/authorize"

    @property
    def token_url(self) -> str:
        return f"{self._url}/oauth2/token"

    def set_up(self, callbacks: Sequence[str]) -> None:
        """Create the pool if it is not there; let sign-in return to `callbacks` (the port may be a new one)."""
        if not self._pool_is_there():
            self._create_pool()
        client = self._client_settings(callbacks)
        if "client_id" in self._settings:
            self._cognito.update_user_pool_client(UserPoolId=self.pool_id, ClientId=self.client_id, **client)
            return
        created = self._cognito.create_user_pool_client(UserPoolId=self.pool_id, **client)
        self._settings["client_id"] = created["UserPoolClient"]["ClientId"]

    def ensure_user(self, role: str, opd: str = "", division: str = "") -> str:
        """Create or adjust the user who has this role, OPD and division; return the name."""
        name = user_name(role, opd, division)
        attributes = [
            {"Name": "email", "Value": f"{name}@sambat.example.invalid"},
            {"Name": "email_verified", "Value": "true"},
        ]
        own = {"custom:opd": opd, "custom:division": division}
        attributes += [{"Name": key, "Value": value} for key, value in own.items() if value]
        try:
            self._cognito.admin_create_user(
                UserPoolId=self.pool_id, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS"
            )
        except self._cognito.exceptions.UsernameExistsException:
            return name
        self._cognito.admin_set_user_password(
            UserPoolId=self.pool_id, Username=name, Password=self._settings["password"], Permanent=True
        )
        self._cognito.admin_add_user_to_group(UserPoolId=self.pool_id, Username=name, GroupName=role)
        return name

    def token(self, role: str, opd: str = "", division: str = "") -> str:
        """Return a fresh ID token of the user with this role, OPD and division."""
        name = self.ensure_user(role, opd, division)
        answer = self._cognito.admin_initiate_auth(
            UserPoolId=self.pool_id,
            ClientId=self.client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": self._settings["password"]},
        )
        return str(answer["AuthenticationResult"]["IdToken"])

    def _pool_is_there(self) -> bool:
        if "pool_id" not in self._settings:
            return False
        try:
            self._cognito.describe_user_pool(UserPoolId=self.pool_id)
        except self._cognito.exceptions.ResourceNotFoundException:  # the emulator was killed before it could save
            self._settings.pop("client_id", None)
            return False
        return True

    def _create_pool(self) -> None:
        custom = [{"Name": name, "AttributeDataType": "String", "Mutable": True} for name in ("opd", "division")]
        pool = self._cognito.create_user_pool(
            PoolName="sambat-local", Schema=custom, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True}
        )
        self._settings["pool_id"] = pool["UserPool"]["Id"]
        self._cognito.create_user_pool_domain(Domain="sambat-local", UserPoolId=self.pool_id)
        for role in ROLES:
            self._cognito.create_group(UserPoolId=self.pool_id, GroupName=role)

    @staticmethod
    def _client_settings(callbacks: Sequence[str]) -> dict[str, Any]:
        return {
            "ClientName": "sambat",
            "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid", "email"],
            "AllowedOAuthFlowsUserPoolClient": True,
            "SupportedIdentityProviders": ["COGNITO"],
            "CallbackURLs": sorted(set(callbacks)),
            "IdTokenValidity": 1,
            "AccessTokenValidity": 1,
            "TokenValidityUnits": {"IdToken": "days", "AccessToken": "days"},
        }


def user_name(role: str, opd: str = "", division: str = "") -> str:
    """Return the sign-in name of a role's user: `admin`, `officer-dishub`, `officer-dishub-parkir`."""
    return "-".join(part for part in ("officer" if role == "opd" else role, opd, division) if part)
