"""What each part stands on: settings of a city of its own, API Gateway's events, letters of a given length."""

from __future__ import annotations

import json
import os
from collections.abc import MutableMapping
from types import SimpleNamespace
from typing import Any, Final

TEXT_LENGTH: Final = 300  # characters of a complaint
ANSWER_LENGTH: Final = 160  # of an answer: what fits one SMS

# Texts that the routing rules dispatch by themselves, each to another division
SUBJECTS: Final = (
    "Lampu jalan (PJU) di Jl. Bukirsari RT {0:02d} mati sudah dua minggu. Tiap malam gelap sekali dari gapura sampai "
    "dekat musala, anak-anak yang pulang mengaji takut lewat. Kemarin ada ibu-ibu hampir tertabrak motor karena tidak "
    "kelihatan. Kami sudah lapor ke RW tetapi belum ada petugas yang datang memeriksa tiangnya, mohon diperbaiki.",
    "Parkir liar depan Pasar Besar makin semrawut, hari {0} minggu lalu saya diminta sepuluh ribu tanpa karcis oleh "
    "jukir yang tidak memakai rompi. Kendaraan sampai dua baris sehingga angkot susah masuk dan macet panjang setiap "
    "pagi. Tolong petugas ditempatkan di sana supaya tarifnya sesuai aturan dan warga tidak lagi dirugikan.",
    "Jalan berlubang di Jl. Veteran dekat nomor {0}, aspal rusak parah dan lubangnya cukup dalam. Kalau hujan tertutup "
    "air sehingga tidak terlihat, bulan ini saja sudah dua pengendara motor jatuh di situ. Sementara kami beri "
    "tanda memakai ban bekas, namun sering bergeser. Harap segera ditambal sebelum ada korban yang lebih parah.",
    "Saya mengurus e-KTP di Dispendukcapil sejak tanggal {0} bulan lalu, katanya blanko habis dan diminta kembali "
    "lagi. Hari ini antre dari subuh sampai siang tetap belum dilayani, nomor antrean malah diloncati. Padahal KTP itu "
    "dibutuhkan untuk mendaftar kerja minggu depan. Bagaimana kepastiannya, kapan perekaman saya bisa dicetak?",
)
_ANSWER: Final = (
    "Terima kasih atas laporan Anda. Petugas kami sudah ke lokasi pagi ini dan pekerjaan selesai dikerjakan; bila "
    "masih ada kendala silakan balas melalui nomor tiket yang sama, akan kami periksa lagi."
)

ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "ap-southeast-3",
    "AWS_REGION": "ap-southeast-3",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "SAMBAT_PUBLIC_URL": "https://sambat.example/api",
    "SAMBAT_TABLE_PREFIX": "bench-",
    "SAMBAT_SIGNING_KEY": "a key that only the benchmark knows, 32+",
    "SAMBAT_OIDC_ISSUER": "https://issuer.example",
    "SAMBAT_OIDC_AUDIENCE": "sambat-bench",
    "SAMBAT_SENDER_EMAIL": "sambat@city.example",
    "SAMBAT_ADMIN_EMAIL": "admin@city.example",
    "SAMBAT_MAYOR_EMAIL": "mayor@city.example",
    "SAMBAT_PLACEHOLDERS_TO_ADMIN": "false",
    "LOG_LEVEL": "WARNING",
}


def stand(environ: MutableMapping[str, str], **more: str) -> None:
    """Set up `environ` for one part: nothing of the operator's own AWS or SAMBAT settings, then ours and `more`."""
    for name in [name for name in environ if name.startswith(("AWS_", "SAMBAT_"))]:
        del environ[name]
    environ.update({**ENVIRONMENT, **more})


def complaint_text(number: int) -> str:
    """Return the text of the `number`-th complaint, TEXT_LENGTH characters of a citizen's words."""
    return SUBJECTS[number % len(SUBJECTS)].format(number % 28 + 1)[:TEXT_LENGTH]


def answer_text() -> str:
    """Return an OPD's answer of ANSWER_LENGTH characters."""
    return _ANSWER[:ANSWER_LENGTH]


CONTEXT: Final = SimpleNamespace(
    function_name="sambat-APIHandler",
    aws_request_id="3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    invoked_function_arn="arn:aws:lambda:ap-southeast-3:123456789012:function:sambat-APIHandler",
    memory_limit_in_mb=1024,
    get_remaining_time_in_millis=lambda: 25_000,
)


def http_event(
    method: str,
    resource: str,
    body: Any = None,
    query: dict[str, str] | None = None,
    who: dict[str, str] | None = None,
    **parameters: str,
) -> dict[str, Any]:
    """Return the proxy event that API Gateway (REST) makes of a request; `who` is what the authorizer said."""
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate, br",
        "Accept-Language": "id",
        "Content-Type": "application/json",
        "Host": "sambat.example",
        "User-Agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
        "X-Amzn-Trace-Id": "Root=1-69240c1a-0123456789abcdef01234567",
        "X-Forwarded-For": "203.0.113.7, 198.51.100.9",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    path = resource.format(**parameters)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "authorizer": who,
            "domainName": "sambat.example",
            "extendedRequestId": "UJ0PGFn9SwMFrTA=",
            "httpMethod": method,
            "identity": {"sourceIp": "203.0.113.7", "userAgent": headers["User-Agent"]},
            "path": f"/api{path}",
            "protocol": "HTTP/1.1",
            "requestId": "6fc2b8ab-0b57-4e4e-8f59-79a1b4d5ad3a",
            "requestTime": "24/Nov/2026:07:45:00 +0000",
            "requestTimeEpoch": 1795506300000,
            "resourceId": "k3x9aa",
            "resourcePath": resource,
            "stage": "api",
        },
        "body": None if body is None else json.dumps(body, ensure_ascii=False),
        "isBase64Encoded": False,
    }


SUBJECT: Final = "7b0f9a52-1d7e-4c55-9f3e-2f6f0c1b9a10"  # as long as Cognito's are


def officer(opd: str) -> dict[str, str]:
    """Return what the authorizer says of an officer of the whole OPD."""
    return {
        "known": "yes",
        "role": "opd",
        "subject": SUBJECT,
        "opd": opd,
        "division": "",
        "principalId": "x",
    }


def an_admin() -> dict[str, str]:
    """Return what the authorizer says of an admin."""
    return {"known": "yes", "role": "admin", "subject": SUBJECT, "opd": "", "division": "", "principalId": "x"}
