"""Ready answers of data/answers.json for the officer's desk: sentences of the city, with [blanks] for what is true of
one complaint. Its rules are data, reviewed like code."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import msgspec

from chalicelib import settings
from chalicelib.domain.complaint import Complaint

_BLANK: Final = re.compile(r"\[[^\[\]]+\]")


class ReadyAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text to begin with; without `kinds` or `divisions` it is for all. Not `final`: an interim answer."""

    code: str
    name: str
    name_en: str
    text: str
    final: bool = True
    kinds: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()

    def fits(self, complaint: Complaint) -> bool:
        """Say whether it may answer that complaint."""
        division = f"{complaint.opd}/{complaint.division}"
        return (not self.kinds or complaint.kind in self.kinds) and (not self.divisions or division in self.divisions)


@lru_cache(maxsize=1)
def every_answer() -> tuple[ReadyAnswer, ...]:
    """Return all of them, those of few divisions first."""
    return msgspec.convert(settings.data_file("answers.json"), tuple[ReadyAnswer, ...])


def offered(complaint: Complaint, division_name: str, lang: str) -> list[dict[str, Any]]:
    """Return the answers that fit a complaint, for a page: `text` names the division, `final` says what it would be."""
    return [
        {"code": one.code, "name": one.name_en if lang == "en" else one.name, "final": one.final,
         "text": one.text.replace("{division}", division_name)}
        for one in every_answer()
        if one.fits(complaint)
    ]  # fmt: skip


def has_blank(text: str) -> bool:
    """Say whether a text still has a [blank] of a ready answer: a citizen must never read "on [day and date]"."""
    return not _blanks().isdisjoint(_BLANK.findall(text))


@lru_cache(maxsize=1)
def _blanks() -> frozenset[str]:
    return frozenset(blank for one in every_answer() for blank in _BLANK.findall(one.text))
