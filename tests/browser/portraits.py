"""The complaints that pages are shown of, each in another place of its life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from tests.browser.history import ANSWERS, COMMENTS, History, file, officer, working_days_ago

CITIZEN: Final = {"name": "Warga Contoh", "phone": "+62 800 0000 0001", "email": "warga@contoh.example.invalid"}
LONG: Final = (
    "Trotoar di sepanjang Jalan Jaksa Agung Suprapto rusak berat dan tidak dapat dilewati kursi roda. "
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsmitgliederversammlungsprotokoll "
    "https://foto.example.invalid/album/2026/11/24/trotoar-rusak-jaksa-agung-suprapto-depan-rumah-sakit-umum-daerah.jpg"
    "\n\n1. Ubin lepas di depan nomor 2.\n2. Lubang sedalam lutut di depan nomor 17.\n3. Tiang reklame di tengah jalan."
) + " Kami mohon diperiksa segera sebelum ada korban." * 30
TEXTS: Final = {
    "new": "Lampu jalan (PJU) di Jl. Bukirsari RT 04 mati sudah dua minggu. Tiap malam gelap sampai musala, "
    "anak-anak yang pulang mengaji takut lewat. Mohon diperbaiki.",
    "answered": "Aspal Jl. Veteran dekat nomor 12 rusak parah dan berlubang, kemarin ada pengendara motor yang jatuh.",
    "waiting": "Gorong-gorong mampet, jalan kampung kami tergenang setiap hujan sampai semata kaki.",
    "closed": "Lampu PJU depan SD Tulusrejo padam, sudah seminggu gelap kalau pulang mengaji.",
    "rejected": "Jalan berlubang di jalan provinsi arah Batu, mohon ditambal.",
    "merged": "Lampu jalan Bukirsari RT 04 mati total, gelap gulita pak.",
    "confidential": "Jukir di Jl. Kawi mengancam warga yang minta karcis parkir, mohon jangan sebut nama saya.",
    "unchecked": "pak lampu jalan jl ikan piranha mati kabeh, wis lapor RT gak ono tindakan. hub 0800 0000 0002",
    "long": LONG,
    "queued": "Mohon bantuannya pak wali, warga kampung kami bingung harus ke mana lagi.",
}
SIGNED: Final = ("new", "answered", "waiting", "closed", "confidential", "queued")
MORE: Final[dict[str, dict[str, Any]]] = {
    "new": {"address": "Jl. Bukirsari 12, Tulusrejo, Lowokwaru"},
    "confidential": {"confidential": True},
    "unchecked": {"channel": "sms", "phone": "+62 800 0000 0002"},
}


def portraits(story: History) -> None:
    """Let each be filed three working days ago, and what made it what it is an hour later."""
    week = working_days_ago(story.now, 3)
    for known_as, text in TEXTS.items():
        given = CITIZEN if known_as in SIGNED else {}
        _brought(story, known_as, text, week, {**given, **MORE.get(known_as, {})})


def _brought(story: History, known_as: str, text: str, at: datetime, given: dict[str, Any]) -> None:
    story.at(at, lambda when: file(story, text, when, known_as, **given))
    if step := _STEPS.get(known_as):
        story.at(at + timedelta(hours=1), lambda when: step(story, story.named[known_as][0], when))


def _answered(story: History, ticket: str, at: datetime) -> None:
    from chalicelib.workflows import handling

    def answer(when: datetime, text: str, *, final: bool) -> None:
        handling.answer(ticket, text, officer(), when, lambda _: True, final=final)

    answer(at, "Petugas kami berangkat sore ini.", final=False)
    story.at(at + timedelta(hours=5), lambda when: answer(when, ANSWERS[0], final=True))


def _closed(story: History, ticket: str, at: datetime) -> None:
    from chalicelib.workflows import following

    _answered(story, ticket, at)
    story.at(at + timedelta(hours=9), lambda when: following.rate(ticket, 5, COMMENTS[0], when))


def _asked(_: History, ticket: str, at: datetime) -> None:
    from chalicelib.workflows import handling

    handling.ask(ticket, "Di gang nomor berapa, Bapak/Ibu? Mohon sebutkan.", officer(), at, lambda _: True)


def _rejected(_: History, ticket: str, at: datetime) -> None:
    from chalicelib.domain.complaint import Actor, Role
    from chalicelib.workflows import handling

    why = "Jalan provinsi: hubungi Dinas PU Bina Marga Jawa Timur."
    handling.reject(ticket, "not_the_city", why, Actor(Role.ADMIN, "admin"), at)


def _merged(story: History, ticket: str, at: datetime) -> None:
    from chalicelib.domain.complaint import Actor, Role
    from chalicelib.workflows import handling

    handling.merge(ticket, story.named["new"][0], Actor(Role.ADMIN, "admin"), at)


def _dispatched(_: History, ticket: str, at: datetime) -> None:
    from chalicelib.domain.complaint import Actor, Role
    from chalicelib.workflows import handling

    handling.dispatch(ticket, "dpuprpkp", "jalan", Actor(Role.ADMIN, "admin"), at)


_STEPS: Final[dict[str, Callable[[History, str, datetime], None]]] = {
    "answered": _answered, "closed": _closed, "waiting": _asked, "rejected": _rejected, "merged": _merged,
    "long": _dispatched,
}  # fmt: skip
