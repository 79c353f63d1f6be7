"""Signing in at the identity provider: what it proves is kept as the session of the browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import urllib.parse
from typing import Any, Final

import msgspec
from chalice.app import Blueprint, Response

from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.api import reading
from chalicelib.api.errors import Problem
from chalicelib.api.identity import ROLES, BadToken
from chalicelib.api.pages import message, shows_problems
from chalicelib.api.session import (
    BACK,
    SESSION,
    SESSION_SECONDS,
    SIGN_IN_SECONDS,
    claims_of,
    cookie,
    cookies,
    derived,
    is_ours,
    landing,
    proven,
)
from chalicelib.settings import current

signing_in = Blueprint(__name__)
page = shows_problems(lambda: signing_in.current_request)

_SIGNING_IN: Final = "sambat_masuk"


@signing_in.route("/masuk", methods=["GET"], cors=False)
@page
def sign_in() -> Response:
    """Send the browser to the identity provider (OIDC code flow with PKCE)."""
    config = current()
    state = secrets.token_urlsafe(32)
    asked = {
        "response_type": "code",
        "client_id": config.oidc_audience,
        "redirect_uri": f"{config.public_url}/masuk/selesai",
        "scope": "openid email",
        "state": state,
        "nonce": derived("nonce", state),
        "code_challenge": _challenge(derived("pkce", state)),
        "code_challenge_method": "S256",
    }
    headers = {
        "Location": f"{config.oidc_authorize_url}?{urllib.parse.urlencode(asked)}",
        "Set-Cookie": cookie(_SIGNING_IN, state, SIGN_IN_SECONDS),
    }
    return Response("", status_code=302, headers=headers)


@signing_in.route("/masuk/selesai", methods=["GET"], cors=False)
@page
def sign_in_done() -> Response:
    """Take the code that the identity provider gave, change it for an ID token, and keep that as the session."""
    request, config = signing_in.current_request, current()
    asked = request.query_params or {}
    state, code = cookies(request).get(_SIGNING_IN, ""), asked.get("code", "")
    if not state or not code or not hmac.compare_digest(state.encode(), asked.get("state", "").encode()):
        return message(request, "sign_in_failed", 400, link=f"{config.public_url}/masuk")
    token = _token_for(code, derived("pkce", state))
    try:
        who = proven(token)
    except BadToken:
        return message(request, "sign_in_failed", 400, link=f"{config.public_url}/masuk")
    if not hmac.compare_digest(str(claims_of(token).get("nonce", "")).encode(), derived("nonce", state).encode()):
        return message(request, "sign_in_failed", 400, link=f"{config.public_url}/masuk")
    if who.role not in ROLES:  # no page here is theirs: leave no session behind
        raise Problem("forbidden")
    headers: dict[str, Any] = {
        "Location": f"{config.public_url}{landing(request, who.role)}",
        "Set-Cookie": [cookie(SESSION, token, SESSION_SECONDS), cookie(_SIGNING_IN, "", 0), cookie(BACK, "", 0)],
    }
    return Response("", status_code=303, headers=headers)


@signing_in.route("/keluar", methods=["POST"], content_types=[reading.FORM], cors=False)
@page
def sign_out() -> Response:
    """Forget the session, one that has run out too."""
    request = signing_in.current_request
    session = cookies(request).get(SESSION, "")
    if session and not is_ours(reading.read_form(request), session):
        raise Problem("forbidden")
    answer = message(request, "signed_out", 200, link=f"{current().public_url}/masuk")
    if session:  # a form of another site comes without it, and takes nothing away
        answer.headers["Set-Cookie"] = cookie(SESSION, "", 0)
    return answer


def _token_for(code: str, verifier: str) -> str:
    """Change a code for an ID token at the provider; "" when it refuses, StoreUnavailable when it cannot be reached."""
    import urllib3

    config = current()
    asked = {
        "grant_type": "authorization_code",
        "client_id": config.oidc_audience,
        "code": code,
        "redirect_uri": f"{config.public_url}/masuk/selesai",
        "code_verifier": verifier,
    }
    try:
        with urllib3.PoolManager(timeout=urllib3.Timeout(connect=3, read=10), retries=False) as pool:
            got = pool.request(
                "POST", config.oidc_token_url, body=urllib.parse.urlencode(asked),
                headers={"Content-Type": reading.FORM}, redirect=False,
            )  # fmt: skip
        return str(msgspec.json.decode(got.data).get("id_token", "")) if got.status == 200 else ""
    except (urllib3.exceptions.HTTPError, msgspec.DecodeError, AttributeError) as error:
        raise StoreUnavailable("the identity provider cannot be reached") from error


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
