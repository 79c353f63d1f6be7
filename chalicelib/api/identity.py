"""Who calls: an ID token of any OIDC issuer, checked by a Lambda authorizer of our own; the view authorises.

The authorizer only authenticates. For a token that is missing or bad it allows with a context that says so, and the
guard at the view answers 401: API Gateway gives views no say in its own refusals. This module is a Lambda of its own
and imports nothing that its few lines do not need.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from chalice.app import AuthRequest, AuthResponse, Blueprint

from chalicelib import settings
from chalicelib.domain.values import dataclass

if TYPE_CHECKING:
    from jwt import PyJWKClient

log = logging.getLogger(__name__)
identity = Blueprint(__name__)

ROLES: Final = ("admin", "mayor", "auditor", "opd")  # a person in several groups acts as the first of these
ALGORITHMS: Final = ("RS256", "ES256")  # never a symmetric one: the public key would be its secret


class BadToken(Exception):
    """The token proves nobody."""


class KeysUnavailable(Exception):
    """The issuer's keys could not be read: our own fault, not the caller's."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. An `opd` has its OPD, and its division unless it acts for the whole OPD."""

    role: str
    subject: str
    opd: str = ""
    division: str = ""


def principal_of(token: str) -> Principal:
    """Return who the token proves; raise BadToken, or KeysUnavailable."""
    import jwt

    config = settings.current()
    try:
        key = _keys(config.oidc_keys_url).get_signing_key_from_jwt(token)
    except (jwt.PyJWKClientConnectionError, jwt.PyJWKSetError, json.JSONDecodeError, OSError) as error:
        raise KeysUnavailable from error
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise BadToken from error
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=config.oidc_audience,
            issuer=config.oidc_issuer,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise BadToken from error
    return principal_in(claims, config)


def principal_in(claims: Mapping[str, Any], config: settings.Settings) -> Principal:
    """Return whom these claims name; BadToken when they are not of an ID token. Whether they are true is not asked."""
    if claims.get("token_use", "id") != "id":
        raise BadToken
    groups = claims.get(config.roles_claim) or []
    groups = groups if isinstance(groups, list) else [groups]
    role = next((role for role in ROLES if role in groups), "")
    opd, division = str(claims.get(config.opd_claim) or ""), str(claims.get(config.division_claim) or "")
    if role == "opd" and not opd:
        role = ""
    return Principal(role, str(claims["sub"]), opd if role == "opd" else "", division if role == "opd" else "")


@lru_cache(maxsize=4)
def _keys(url: str) -> PyJWKClient:
    from jwt import PyJWKClient

    return PyJWKClient(url, lifespan=600, timeout=3)  # no cache of single keys: it would keep a withdrawn one


@identity.authorizer(ttl_seconds=60)
def identify(request: AuthRequest) -> AuthResponse:
    """Say who calls; `role` is "" for a known person without one, absent for nobody."""
    token = request.token.removeprefix("Bearer ").strip() if request.token.startswith("Bearer ") else ""
    try:
        who = principal_of(token)
    except BadToken:
        return AuthResponse(routes=["*"], principal_id="nobody", context={"known": "no"})
    except KeysUnavailable:
        log.exception("the issuer's keys cannot be read")
        return AuthResponse(routes=["*"], principal_id="unknown", context={"known": "unavailable"})
    context = {"known": "yes", "role": who.role, "subject": who.subject, "opd": who.opd, "division": who.division}
    return AuthResponse(routes=["*"], principal_id=who.subject, context=context)


def guard(request: Any, *roles: str) -> Principal:  # noqa: ANN401
    """Return who calls when they have one of these roles; Problem 401 for nobody, 403 for a known other role."""
    from chalicelib.adapters.tables import StoreUnavailable
    from chalicelib.api.errors import Problem

    context = (request.context or {}).get("authorizer") or {}
    if context.get("known") == "unavailable":
        raise StoreUnavailable("the issuer's keys cannot be read")
    if context.get("known") != "yes":
        raise Problem("unauthorized", headers={"WWW-Authenticate": "Bearer"})
    who = Principal(context["role"], context["subject"], context.get("opd", ""), context.get("division", ""))
    if who.role not in roles:
        raise Problem("forbidden")
    return who


def owns(who: Principal) -> Callable[[Any], bool]:
    """Return the test whether a complaint is this officer's to work on."""

    def is_own(complaint: Any) -> bool:  # noqa: ANN401  domain type, not imported into this small Lambda
        return complaint.opd == who.opd and who.division in ("", complaint.division)

    return is_own
