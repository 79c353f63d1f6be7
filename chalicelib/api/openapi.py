"""`GET /openapi.json`: the interface as OpenAPI 3.1, made of the models that validate requests and of the table of
operations; made once, when it is first asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint, Response

from chalicelib.api.errors import PROBLEM, answers_problems
from chalicelib.api.reading import FORM, JSON
from chalicelib.settings import current

if TYPE_CHECKING:
    from chalicelib.api.operations import Operation

documents = Blueprint(__name__)
answer = answers_problems(lambda: documents.current_request)

VERSION: Final = "0.1.0"
_HTML: Final = "text/html"
_SCHEMAS: Final = "#/components/schemas/"
_PAGE: Final[dict[str, Any]] = {_HTML: {"schema": {"type": "string"}}}
_TAGS: Final = {
    "service": "The service itself.",
    "citizens": "Citizens need no account; what is theirs opens by its receipt.",
    "sms": "SMS providers.",
    "opd": "Officers, for the complaints of their own OPD (and division).",
    "admin": "Admins; mayor and auditor read all of it.",
}
_MEANINGS: Final = {
    400: "A field is wrong; `errors` names it.",
    401: "There is no token, or it proves nobody.",
    403: "It is known who asks, and they may not.",
    404: "It does not exist, or is not the caller's to see: the same answer.",
    405: "This provider sends otherwise.",
    409: "Not possible now; `detail` says what is.",
    413: "The body is too large.",
    415: "The body is of a type that this operation does not read.",
    422: "This Idempotency-Key was used before, with another body.",
    503: "The fault is ours: try again.",
}
_ABOUT: Final = """\
Public complaints: filed by anybody, answered by the agency that must, on a clock that is watched.

Instants are ISO 8601 with their offset, names are `snake_case`, unknown fields are refused, and so are a list's unknown
parameters; an empty parameter, or an empty field of a form, is an absent one. A list is `{"items": [...], "next":
cursor or null}`: a page may be shorter than `limit`, `next` alone says whether there is more. Errors are RFC 9457
problem details, in Indonesian or, by `?lang=en` or `Accept-Language`, in English; the
gateway before the service (405, 429, ...) answers in the same form. Fields may be added beside those described here.
"""


@documents.route("/openapi.json", methods=["GET"])
@answer
def read_document() -> Response:
    """Return the document."""
    headers = {"Content-Type": JSON, "Cache-Control": "public, max-age=300"}
    return Response(_written(current().public_url), headers=headers)


@lru_cache(maxsize=1)
def _written(public_url: str) -> str:
    return json.dumps(document(public_url), ensure_ascii=False)


def document(public_url: str) -> dict[str, Any]:
    """Return the OpenAPI document of a service at `public_url`."""
    from chalicelib.api.operations import EXAMPLES, OPERATIONS

    schemas = _schemas()
    for model, example in EXAMPLES.items():
        schemas[model.__name__]["examples"] = [example]
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sambat", "version": VERSION, "description": _ABOUT, "license": {
            "name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": public_url}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": _COMMON_PARAMETERS,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                          "description": "The ID token of the identity provider."},
            },
        },
    }  # fmt: skip


def _schemas() -> dict[str, Any]:
    import msgspec

    from chalicelib.api import answers
    from chalicelib.api.operations import OPERATIONS

    given = [model for one in OPERATIONS for model in (one.body, one.answer, one.otherwise) if model]
    _, schemas = msgspec.json.schema_components([*given, answers.Problem], ref_template=_SCHEMAS + "{name}")
    return dict(sorted(schemas.items()))


def _operation(operation: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {str(operation.status): _success(operation)}
        | {str(status): _problem(status, page=operation.form is not None) for status in operation.statuses},
    }
    if operation.roles:
        described["security"] = [{"token": []}]
        described["description"] = f"For the roles: {', '.join(operation.roles)}."
    if content := _request(operation, schemas):
        described["requestBody"] = {"required": True, "content": content}
    return described


# ------------------------------------------------------------------------------------------------ what it takes


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    from chalicelib.api.operations import PARAMETERS, PATH_PARAMETERS

    found: list[dict[str, Any]] = []
    for part in operation.path.split("/"):
        if part.startswith("{"):
            schema, text = PATH_PARAMETERS[part[1:-1]]
            found.append({"name": part[1:-1], "in": "path", "required": True, "schema": schema, "description": text})
    for name in (*operation.query, *operation.headers):
        place, schema, text = PARAMETERS[name]
        found.append({"name": name, "in": place, "schema": schema, "description": text})
    return found + [{"$ref": f"#/components/parameters/{name}"} for name in _COMMON_PARAMETERS]


_COMMON_PARAMETERS: Final[dict[str, Any]] = {
    "lang": {"name": "lang", "in": "query", "schema": {"type": "string"},
             "description": "The language of errors and pages: `id` or `en`; any other value counts for nothing."},
    "accept_language": {"name": "Accept-Language", "in": "header", "schema": {"type": "string"},
                        "description": "The same, as a browser asks for it."},
}  # fmt: skip


def _request(operation: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    if operation.tag == "sms" and operation.method == "POST":
        return {JSON: {"schema": {"type": "object"}}, FORM: {"schema": {"type": "object"}},
                "text/plain": {"schema": {"type": "string"}}}  # fmt: skip
    if operation.body is None:
        return {}
    content = {JSON: {"schema": _ref(operation.body)}}
    if operation.form is not None:
        content[FORM] = {"schema": _form(schemas[operation.body.__name__], operation.form)}
    return content


def _form(model: Mapping[str, Any], more: tuple[str, ...]) -> dict[str, Any]:
    """Return what an HTML form may hold of a model: one value a field, an empty one being an absent one."""
    fields = {name: _filled(schema) for name, schema in model["properties"].items()}
    plain = {name: schema for name, schema in fields.items() if schema.get("type") != "array"}
    return {
        "type": "object",
        "properties": plain | {name: {"type": "string"} for name in more},
        "required": model["required"],
        "additionalProperties": False,
    }


def _filled(schema: Mapping[str, Any]) -> dict[str, Any]:
    branches = [branch for branch in schema.get("anyOf", [schema]) if branch.get("type") != "null"]
    return {name: value for name, value in branches[0].items() if name != "default"}


# ------------------------------------------------------------------------------------------------ what it answers


def _success(operation: Operation) -> dict[str, Any]:
    if operation.tag == "sms":
        content = {JSON: {"schema": {"type": "object"}}, "text/xml": {"schema": {"type": "string"}}}
    elif operation.media:
        content = {operation.media: {"schema": {"type": "string"}}}
    else:
        content = {JSON: {"schema": _answer(operation)}}
    found: dict[str, Any] = {"description": "Done.", "content": content | (_PAGE if operation.form is not None else {})}
    if operation.status == 201:
        found["headers"] = {"Location": _header("Where it can be read.")}
    if operation.more:
        found["headers"] = {
            operation.more: {**_header("The cursor of what is left; absent at the end."), "required": False}
        }
    return found


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.answer is None:
        return {"type": "object"}
    if operation.otherwise:
        return {"anyOf": [_ref(operation.answer), _ref(operation.otherwise)]}
    return _list_of(_ref(operation.answer)) if operation.listed else _ref(operation.answer)


def _list_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item}, "next": {"type": ["string", "null"]}},
        "required": ["items", "next"],
    }


def _problem(status: int, *, page: bool) -> dict[str, Any]:
    content = {PROBLEM: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}}
    found: dict[str, Any] = {"description": _MEANINGS[status], "content": content | (_PAGE if page else {})}
    if status == 401:
        found["headers"] = {"WWW-Authenticate": _header("The scheme: Bearer.")}
    if status == 503:
        found["headers"] = {"Retry-After": _header("Seconds to wait.")}
    return found


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "required": True, "schema": {"type": "string"}}


def _ref(model: type[Any]) -> dict[str, str]:
    return {"$ref": f"{_SCHEMAS}{model.__name__}"}
