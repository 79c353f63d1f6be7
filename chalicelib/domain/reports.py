"""What a sweep has to say to one recipient, in one plain Indonesian e-mail: the heaviest first, no person in a subject.

It says what is recorded and not how things stand: between a sweep by night and its mail a complaint may be answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import groupby
from typing import Final

from chalicelib.domain.complaint import ADMIN_DESK, Complaint
from chalicelib.domain.deadlines import last_day
from chalicelib.domain.letters import Letter, Names, inert
from chalicelib.domain.notices import To
from chalicelib.domain.owed import ABOUT, Message, Owed, Recipient
from chalicelib.domain.replies import short_day
from chalicelib.domain.values import dataclass

MOST_NAMED: Final = 50  # complaints in one message; of the others it says how many they are
_EXCERPT: Final = 140
_RUNG: Final = {"warning": "Teguran", "black_vest": "Rompi hitam", "replacement": "Penggantian"}
_RULES: Final = {
    "complaint_reached_black_vest": "setelah teguran, sebuah aduan mencapai rompi hitam",
    "third_warning_within_window": "jumlah teguran dalam jangka waktu terlampaui",
    "complaint_reached_replacement": "setelah rompi hitam, sebuah aduan mencapai penggantian",
    "two_more_black_vests_within_window": "setelah rompi hitam, aduan kembali mencapai rompi hitam",
}
_ACTS: Final = {
    "confirmed": "{} ditetapkan oleh wali kota",
    "dismissed": "usulan {} tidak disetujui oleh wali kota",
    "came_down": "turun dari {}, karena tidak ada lagi keterlambatan",
}

NamesOf = Callable[[str | None, str | None, str | None], Names]  # of OPD, division, category


def report_for(
    message: Message, complaints: Mapping[str, Complaint], names: NamesOf, public_url: str, zone: tzinfo
) -> Letter:
    """Return the words of a message; `complaints` are those that it may quote, by ticket."""
    to = message.recipient
    desk = "meja" if to.to in (To.DIVISION, To.HEAD) else "kantor"
    page = _Page(complaints, names, f"{public_url}/{desk}", zone)
    lines = [_addressed(to, names), ""]
    sections = [
        (kind, list(rows)) for kind, rows in groupby(sorted(message.rows, key=lambda row: _weight(_kind(row))), _kind)
    ]
    for kind, rows in sections:
        title, said, _ = _SECTIONS[kind]
        lines += [title, "", *said(page, rows), ""]
    kind, first = sections[0]
    subject, others = _SECTIONS[kind][2](page, first), len(message.rows) - len(first)
    return Letter(f"{subject}, dan {others} hal lain" if others else subject, "\n".join(lines))


def _addressed(to: Recipient, names: NamesOf) -> str:
    if to.to is To.DIVISION:
        return _place(to.opd, to.division, names)
    return {To.HEAD: f"Kepala {names(to.opd, None, None).opd}", To.ADMIN: "Admin"}.get(to.to, "Wali Kota")


def _place(opd: str, division: str, names: NamesOf) -> str:
    if opd == ADMIN_DESK:
        return "Admin"
    known = names(opd, division, None)
    return f"{known.opd}, {known.division}"


def _kind(row: Owed) -> str:
    """What one heading is for: what it is about, the admin's own delays apart."""
    return "verify" if row.opd == ADMIN_DESK and row.about in _RUNG else row.about


def _weight(kind: str) -> float:
    return ABOUT.index("warning") + 0.5 if kind == "verify" else ABOUT.index(kind)


# ------------------------------------------------------------------------------------------------ the sections


@dataclass(slots=True)
class _Page:
    """What is needed to write a message, and how many complaints may still be named in it."""

    complaints: Mapping[str, Complaint]
    names: NamesOf
    desk: str
    zone: tzinfo
    left: int = MOST_NAMED

    def some(self, many: Sequence[str]) -> Sequence[str]:
        """Return those that may still be named."""
        named = many[: self.left]
        self.left -= len(named)
        return named

    def quoted(self, ticket: str) -> Iterator[str]:
        """Yield the complaint's first words, where they are known, and its address."""
        complaint = self.complaints.get(ticket)
        words = " ".join(inert(complaint.text).split()) if complaint else ""
        if words:
            yield f"  {words if len(words) <= _EXCERPT else words[: _EXCERPT - 1].rstrip() + '…'}"
        yield f"  {self.desk}/{ticket}"

    def others(self, how_many: int) -> Iterator[str]:
        """Yield how many complaints are not named, if any."""
        if how_many:
            yield f"- dan {how_many} aduan lain: {self.desk}"

    def place(self, row: Owed) -> str:
        """Return what people call its division."""
        return _place(row.opd, row.division, self.names)

    def day(self, row: Owed) -> str:
        """Return the day that people are shown for its deadline."""
        return short_day(last_day(row.deadline, self.zone)) if row.deadline else "-"


def _escalations(page: _Page, rows: Sequence[Owed]) -> Iterator[str]:
    named = len(page.some([row.id for row in rows]))
    for row in rows[:named]:
        ticket = row.tickets[0]
        yield f"- Aduan {ticket}, {page.place(row)}"
        yield f"  Tenggat yang terlewati: {page.day(row)}. Eskalasi ke-{row.n} dari aduan ini."
        yield from page.quoted(ticket)
    yield from page.others(len(rows) - named)


def _reminders(page: _Page, rows: Sequence[Owed]) -> Iterator[str]:
    for row in rows:
        yield f"{page.place(row)}: tenggat {page.day(row)}, {len(row.tickets)} aduan"
        named = page.some(row.tickets)
        for ticket in named:
            yield f"- Aduan {ticket}"
            yield from page.quoted(ticket)
        yield from page.others(len(row.tickets) - len(named))


def _digests(page: _Page, rows: Sequence[Owed]) -> Iterator[str]:
    for row in rows:
        still_open, overdue, soon = row.counts
        yield f"{page.names(row.opd, None, None).opd}: {still_open} aduan terbuka."
        yield f"Lewat tenggat: {overdue}. Jatuh tempo sampai akhir hari kerja berikutnya: {soon}."
        yield f"Lihat: {page.desk}"


def _proposals(page: _Page, rows: Sequence[Owed]) -> Iterator[str]:
    for row in rows:
        because = "; ".join(_RULES.get(code, inert(code)) for code in row.text.split(", "))
        yield f"- {page.place(row)}: diusulkan {_rung(row)}"
        yield f"  Karena: {because}."
        for ticket in row.tickets:
            yield f"  Eskalasi terakhir: aduan {ticket}, eskalasi ke-{row.n}"
            yield from page.quoted(ticket)
    yield "Usulan berlaku hanya jika ditetapkan oleh wali kota, dengan alasan."


def _standings(page: _Page, rows: Sequence[Owed]) -> Iterator[str]:
    for row in rows:
        what, _, reason = row.text.partition(": ")
        if what in _ACTS:
            yield f"- {page.place(row)}: {_ACTS[what].format(_rung(row))}."
        else:
            yield f"- {page.place(row)}: {inert(row.text)}"
            continue
        if reason:
            yield f"  Alasan: {inert(reason)}"


def _rewards(page: _Page, rows: Sequence[Owed]) -> Iterator[str]:
    for row in rows:
        yield f"- {page.place(row)}: {inert(row.text)}"


def _nominations(page: _Page, rows: Sequence[Owed]) -> Iterator[str]:
    for row in rows:
        yield inert(row.text)
    yield f"Penghargaan diberikan dan dicatat oleh admin: {page.desk}"


def _rung(row: Owed) -> str:
    return _RUNG.get(row.rung, row.rung).lower()


# ------------------------------------------------------------------------------------------------ the subjects


def _late(what: str) -> Callable[[_Page, Sequence[Owed]], str]:
    def subject(_: _Page, rows: Sequence[Owed]) -> str:
        tickets = list(dict.fromkeys(ticket for row in rows for ticket in row.tickets))
        return f"{what}: {f'aduan {tickets[0]}' if len(tickets) == 1 else f'{len(tickets)} aduan'} lewat tenggat"

    return subject


def _due(page: _Page, rows: Sequence[Owed]) -> str:
    return f"Jatuh tempo {page.day(rows[0])}: {sum(len(row.tickets) for row in rows)} aduan"


def _counts(_: _Page, rows: Sequence[Owed]) -> str:
    return f"Ringkasan: {rows[0].counts[0]} aduan terbuka, {rows[0].counts[1]} lewat tenggat"


def _always(subject: str) -> Callable[[_Page, Sequence[Owed]], str]:
    return lambda _page, _rows: subject


_Said = Callable[[_Page, Sequence[Owed]], Iterator[str]]
_Subject = Callable[[_Page, Sequence[Owed]], str]
_SECTIONS: Final[Mapping[str, tuple[str, _Said, _Subject]]] = {  # kind -> its heading, its lines, its subject
    **{rung: (word.upper(), _escalations, _late(word)) for rung, word in _RUNG.items()},
    "verify": ("TEGURAN UNTUK ADMIN: BELUM DITERUSKAN", _escalations, _late("Teguran untuk admin")),
    "standing": ("STATUS BIDANG", _standings, _always("Status bidang berubah")),
    "proposal": ("USULAN", _proposals, _always("Usulan menunggu keputusan wali kota")),
    "reward": ("PENGHARGAAN", _rewards, _always("Penghargaan untuk bidang")),
    "nomination": ("NOMINASI PENGHARGAAN", _nominations, _always("Nominasi penghargaan")),
    "reminder": ("JATUH TEMPO PADA HARI KERJA BERIKUTNYA", _reminders, _due),
    "digest": ("RINGKASAN HARI INI", _digests, _counts),
}
