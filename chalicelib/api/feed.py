"""RSS 2.0 of what the public may read. What people typed is data in it, whatever they typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from chalicelib.domain.values import dataclass

TYPE: Final = "application/rss+xml; charset=utf-8"
_FORBIDDEN: Final = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # in XML 1.0, even escaped
_LONGEST_TITLE: Final = 100


@dataclass(frozen=True, slots=True)
class Item:
    """One complaint: its words, the address that is its own and the one to open, when it came, about what it is."""

    text: str
    guid: str
    link: str
    at: datetime
    categories: tuple[str, ...] = ()


def feed(title: str, about: str, link: str, lang: str, items: Iterable[Item]) -> str:
    """Return the feed as XML, its items in their order."""
    rss = Element("rss", version="2.0")
    channel = SubElement(rss, "channel")
    for name, value in (("title", title), ("link", link), ("description", about), ("language", lang)):
        _add(channel, name, value)
    for item in items:
        entry = SubElement(channel, "item")
        _add(entry, "title", _title_of(item.text))
        _add(entry, "link", item.link)
        _add(entry, "guid", item.guid)
        _add(entry, "pubDate", format_datetime(item.at.astimezone(UTC), usegmt=True))
        _add(entry, "description", item.text)
        for category in item.categories:
            _add(entry, "category", category)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(rss, encoding="unicode")


def _add(parent: Element, name: str, value: str) -> None:
    SubElement(parent, name).text = re.sub(_FORBIDDEN, "\ufffd", value)


def _title_of(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[:_LONGEST_TITLE].rstrip()} …"
