"""What a citizen is told by SMS: plain Indonesian, always with the ticket, in as few SMS as it can be."""

from __future__ import annotations

from datetime import date
from typing import Final

from chalicelib.domain.complaint import Complaint
from chalicelib.domain.gsm import fitted, folded

MOST: Final = 3  # SMS that an answer takes; the rest of it is on its page
_STATUS_MOST: Final = 2
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")

NOT_FOUND: Final = "Tiket itu tidak ada untuk nomor ini. Periksa lagi hurufnya, atau kirim aduan Anda dengan kata-kata."
KEPT: Final = "Tiket itu tidak ada untuk nomor ini. Periksa lagi hurufnya. Kata-kata Anda disimpan dan dibaca petugas."
ADDED: Final = "Tambahan untuk tiket {ticket} sudah kami simpan."
CANNOT_ADD: Final = "Tiket {ticket} tidak menerima tambahan lagi. Kirim sebagai aduan baru."
REPLIED: Final = (
    "Jawaban Anda untuk tiket {ticket} kami teruskan. Kalau ini aduan lain, kirim lagi dengan awalan SAMBAT."
)
RATED: Final = "Terima kasih. Nilai {score} untuk tiket {ticket} sudah kami catat."
HOW_TO_RATE: Final = "Nilainya 1 sampai 5. Kirim: NILAI {ticket} 5"
CANNOT_RATE: Final = "Tiket {ticket} tidak dapat dinilai sekarang: hanya sesudah dijawab tuntas, dan satu kali."
REOPENED: Final = "Tiket {ticket} dibuka kembali. Anda kami kabari."
HOW_TO_REOPEN: Final = "Sebutkan alasannya. Kirim: BUKA {ticket} <alasan>"
CANNOT_REOPEN: Final = (
    "Tiket {ticket} tidak dapat dibuka: hanya sesudah dijawab, dan selama batas waktunya. Kirim aduan baru."
)
WHICH_TICKET: Final = "Sebutkan tiketnya. Kirim: NILAI <tiket> {score}"
STOPPED: Final = (
    "Anda tidak akan menerima SMS lagi dari layanan ini. Aduan Anda tetap kami proses. Balas MULAI untuk menerima lagi."
)
STARTED: Final = "Anda menerima SMS dari layanan ini lagi."
HELP: Final = (
    "Tulis aduan dan tempatnya. CEK <tiket>: status. TAMBAH <tiket> <isi>. NILAI <tiket> 1-5. BUKA <tiket> <alasan>. "
    "BERHENTI: tanpa SMS. MULAI: lagi."
)


def short_day(on: date) -> str:
    """Return a day as it is written in an SMS: 1 Des 2026."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def receipt_reply(ticket: str, opd: str | None, last_day: date | None) -> str:
    """The reply to a new complaint, within one SMS."""
    check = f"Balas CEK {ticket} utk status."
    if opd is None or last_day is None:
        return f"Aduan diterima, tiket {ticket}. Admin akan meneruskan ke dinas yang tepat. {check}"
    due = short_day(last_day)
    return f"Aduan diterima, tiket {ticket}, diteruskan ke {opd.upper()}. Dijawab plg lambat {due}. {check}"


def status_reply(complaint: Complaint, last_day: date | None) -> str:
    """The reply to CEK from the number that filed it."""
    to = (complaint.opd or "admin").upper()
    due = f", tenggat {short_day(last_day)}" if last_day else ""
    words = {
        "received": f"diterima, menunggu diteruskan oleh admin{due}",
        "dispatched": f"diteruskan ke {to}{due}",
        "in_progress": f"dikerjakan {to}{due}",
        "waiting": f"menunggu balasan Anda untuk {to}",
        "answered": f"dijawab {to}",
        "closed": f"selesai, dijawab {to}",
        "rejected": "tidak diproses",
        "merged": f"digabung dengan {complaint.merged_into}",
    }
    about = {"waiting": "asked", "rejected": "rejected", "merged": "merged"}.get(complaint.status, "answered")
    last = next(complaint.entries(about), None)
    is_of_now = last is not None and last.clock in (None, complaint.clock)  # no answer that was not good enough
    head = f"Tiket {complaint.ticket}: {words[complaint.status]}"
    said = folded(last.text or "") if last and is_of_now else ""
    return fitted(f"{head}: ", said, "", _STATUS_MOST) if said else f"{head}."


def told_sms(ticket: str, what: str, text: str, ask: str, link: str) -> str:
    """What became of a complaint, in at most MOST SMS, and what may be done now (`ask`): where the words had to be cut,
    the link leads to all of them."""
    head, said = f"Tiket {ticket} {what}", folded(text)
    if not said:
        return f"{head}.{ask}"
    whole = fitted(f"{head}: ", said, ask, MOST)
    return whole if whole == f"{head}: {said}{ask}" else fitted(f"{head}: ", said, f" {link}{ask}", MOST)
