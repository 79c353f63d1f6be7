"""How alike two complaints are: one citizen's message sent again, and reports of several people about one thing.

The first is decided by the machine, so it would rather take one message for two than two for one. The second is
only suggested to the admin.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from chalicelib.domain.sms import read_sms, same_text
from chalicelib.domain.values import dataclass

LIKELY: Final = 0.65
"""The score from which two reports are worth an admin's look."""

_READ: Final = 1_000  # characters of a report that are compared with those of many others
_WORDS_A_SLIP: Final = 4  # one slip of the finger is forgiven in so many words, in fewer none
_MOST_SLIPS: Final = 4
_SHORTEST, _LONGEST = 5, 24  # letters of a word in which a slip is looked for
_MOST_TURNS: Final = 8  # beginnings that are tried for a text whose parts changed places
_MOST_NAMES: Final = 8  # of streets, and of landmarks, in one report
_SECONDS: Final = 60 * 86_400  # after which no two reports are of one thing
_EARTH: Final = 6_371_000.0  # metres
_NEAR, _FAR = 100.0, 600.0  # metres: surely one place, surely two
_UNKNOWN: Final = 0.35  # how much one place it is when that cannot be seen,
_UNKNOWN_BUT_ALIKE: Final = 0.5  # and when both say the same, in so many words
_A_SENTENCE: Final = 5


def _variants(table: str) -> dict[str, str]:
    rows = (line.split(":") for line in table.split(";"))
    return {variant: meant.strip() for meant, variants in rows for variant in variants.split()}


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SAME: Final = _variants("""
    sudah: sdh udh udah dah wis uwis wes mpun; belum: blm blom belom durung dereng; untuk: utk buat gawe kanggo;
    tidak: tdk gak ga gk ndak enggak nggak ngga ora mboten; jalan: jl jln dalan dalane jalane; gang: gg; nomor: no nmr;
    depan: dpn ngarep ngarepe; dekat: dkt deket cedak; belakang: blkg blakang mburi; sebelah: sblh; masih: msh;
    sampai: sampe sampek nganti; dari: dr dri saking; ke: menyang; orang: org wong uwong; kelurahan: kel;
    kecamatan: kec; perumahan: perum; masuk: msk mlebu; banyak: bnyk akeh; bulan: bln; hari: hr dino dinten;
    minggu: mgg; rumah: rmh omah; kalau: kalo klo kl nek lek yen; karena: krn soale; sampah: smpah sampahe uwuh;
    lampu: lampune lmpu pju; gelap: peteng; lubang: bolong berlubang lobang luwang; rusak: rsk bobrok ajur hancur;
    roboh: ambruk tumbang rubuh ambrol; air: banyu banyune; mati: padam pejah; saluran: drainase selokan got kalenan;
    mampet: buntu tersumbat bumpet; keruh: butek; pohon: wit uwit; uang: duit duwit; ribu: rb; semua: kabeh;
    anak: arek lare; besar: gede bsr; suhat: soekarno sukarno; supriadi: supriyadi; juga: jg; sekolah: skolah;
    pasar: psr; parah: nemen; dengan: dgn karo; bau: mambu ambune; 1: satu siji; 2: dua loro ii; 3: tiga telu iii;
    4: empat papat iv; 5: lima limo; 6: enam enem vi; 7: tujuh pitu vii; 8: delapan wolu viii; 9: sembilan songo ix;
    10: sepuluh; di: d; yang: yg sing; dan: lan; kebakaran: kobong terbakar; parkir: prkir;
    hilang: ilang; hujan: ujan udan; habis: abis entek""")
# What carries no news: polite words, small words, and that somebody hurries. "Hatta" goes with "Soekarno".
_LIGHT: Final = _listed("""
    sambat lapor laporan melaporkan aduan tolong tlg tulung tulungen mohon mhn harap please pls help segera sgr secepat
    cepat cepet ndang ditindaklanjuti ditangani direspon dibantu dicek diproses makasih terimakasih trims thanks thx tks
    suwun halo hai permisi punten maaf pak bu bpk min mimin admin kak mas mbak mbk yth ya yo iya ngih njih sih
    kok loh lho lo dong deh nih tuh oke asalamualaikum di yang nang ning ini itu iki iku kui kuwi dan ada enek ono onok
    saya sy aku kami kita sangat sekali banget pol the is at in on hata""")
_ASKING: Final = _listed("tolong tlg tulung mohon mhn harap please")
_PHRASES: Final = (
    r"\b(?:terima kasih|matur (?:nuwun|suwun)|nuwun sewu|selamat (?:pagi|siang|sore|malam)|asalamu alaikum|wr wb"
    r"|bapak ibu|hati (?:2|hati)|(?:mau|ingin|hendak|arep) (?:me)?lapor(?:kan)?|tindak lanjut"
    r"|mohon (?:bantuan|perhatian|perbaikan|tindakan))\b"
)
_NUMBERED: Final = _listed("gang rt rw blok")
_STREETS: Final = _listed("jalan gang stret")
_LANDMARKS: Final = _listed("""
    perumahan depan dekat belakang sebelah samping seberang sekitar daerah kawasan pasar terminal stasiun sdn sd smp
    smpn sma sman masjid mushola gereja puskesmas perempatan prapatan pertigan simpang bundaran jembatan kampung
    kelurahan kecamatan tps tpa taman alun halte rt rw di nang ning kampus""")
# What stands between the marker and the name that tells two places apart.
_BEFORE_NAMES: Final = _listed("""
    raya kota terusan danau bendungan gunung ki kh letjen mayjen jenderal jend brigjen kolonel kol panglima mt griya
    pondok puri ranu candi ikan teluk bunga merah over fly bawah""")
_GENERIC: Final = _LANDMARKS | _STREETS | _BEFORE_NAMES
_NO_NAME: Final = _listed("""
    rusak lubang mati gelap macet banjir licin ambles retak umum utama rumah warung toko ruko indomaret alfamart apotek
    kantor sekolah orang warga tengah pingir atas malang sini trotoar sampah lampu air pohon kecil sempit ke dari
    untuk masuk menuju saluran sudah belum tidak sejak lahan aspal keluar tertutup dalam bahaya kotor bermain bocor
    minta bikin jualan parkir liar numpuk angkut bau rumput bus mobil motor""")
# "diangkut", but no place: Dinoyo, an agency, "didepan", "disana".
_WISH: Final = re.compile(
    r"di(?!n|s[^aeiou]|si[nt]|sana|jal|dep|rum|daer|dek|atas|baw|belak|seb|samp|sek|kamp|pasar)\w{4,}"
)
_VOWELS, _ROMAN = frozenset("aeiou"), frozenset("ivx")
# Letters that take each other's place: neighbours on the keyboard, and vowels that are heard alike.
_ROWS: Final = "qwertyuiop asdfghjkl zxcvbnm qaz wsx edc rfv tgb yhn ujm wa esz rdx tfc ygv uhb ijn okm pl aou ei dt"
_KEYS: Final = {frozenset(pair) for row in _ROWS.split() for pair in pairwise(row)}
_WORD: Final = re.compile(r"\d+|[^\W\d_]+")
_THOUSANDS: Final = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
_STRETCHED, _DOUBLED = re.compile(r"(.)\1{2,}"), re.compile(r"(.)\1")


@dataclass(frozen=True, slots=True)
class Report:
    """What is compared of a complaint; `address`, `lat` and `long` only where the reporter gave them."""

    ticket: str
    text: str
    category: str | None
    opd: str | None
    division: str | None
    address: str | None
    lat: float | None
    long: float | None
    received_at: datetime


def said(text: str) -> tuple[str, ...]:
    """Return the words that carry news, each in one spelling: without keyword, greetings, polite and small words."""
    return tuple(word for word in _words(text) if word not in _LIGHT)


def is_same_message(a: str, b: str) -> bool:
    """Say whether one reporter sent the same text again: the same words but for slips, polite words and a wish added.

    Every number, and every word that is no slip of another, must be in both. An empty text is like none.
    """
    if same_text(a) == same_text(b):
        return bool(same_text(a))
    (one, wish), (two, other_wish) = _without_wish(a), _without_wish(b)
    if not one or not two or not (wish <= other_wish or other_wish <= wish):
        return False
    one, two = sorted((one, two))  # whichever came first
    most = min(len(one) // _WORDS_A_SLIP, len(two) // _WORDS_A_SLIP, _MOST_SLIPS)
    turns = [at for at, word in enumerate(two) if at and word == one[0]][:_MOST_TURNS]
    return any(_slips(one, two[at:] + two[:at]) <= most for at in (0, *turns))


def likely_duplicate(a: Report, b: Report) -> float:
    """Return from 0 to 1 how likely two reports are about one thing, by place, category, words and time between."""
    return _likeness(_Traits.of(a), _Traits.of(b))


def suggestions(report: Report, others: Iterable[Report], most: int = 5) -> list[tuple[str, float]]:
    """Return the tickets, with their scores, that are likely about the same thing, the likeliest first."""
    traits = _Traits.of(report)
    scores = [(other.ticket, _likeness(traits, _Traits.of(other))) for other in others if other.ticket != report.ticket]
    return sorted((pair for pair in scores if pair[1] >= LIKELY), key=lambda pair: (-pair[1], pair[0]))[:most]


def _words(text: str) -> list[str]:
    """Return all words of a text in one spelling, numbers without leading zeros."""
    plain = unicodedata.normalize("NFKC", read_sms(text).text or text).casefold()
    words = [_spelt(word) for word in _WORD.findall(_THOUSANDS.sub("", plain))]
    return re.sub(_PHRASES, " ", " ".join(words)).split()


def _spelt(word: str) -> str:
    if word.isdigit():
        return word.lstrip("0") or "0"
    if word not in _SAME and not _ROMAN.issuperset(word):
        word = _STRETCHED.sub(r"\1", word)
        word = word.removesuffix("nya") if len(word) > _SHORTEST else word
        word = _DOUBLED.sub(r"\1", word) if len(word) >= _SHORTEST else word
    return _SAME.get(word, word)


def _without_wish(text: str) -> tuple[list[str], frozenset[str]]:
    """Return the words that carry news, and apart from them what is asked for: "tolong segera diangkut"."""
    kept, wishes, asking = [], set(), False
    for word in _words(text):
        if word in _LIGHT:
            asking = asking or word in _ASKING
        elif asking and _WISH.fullmatch(word):
            wishes.add(word)
        else:
            kept.append(word)
            asking = False
    return kept, frozenset(wishes)


def _slips(one: Sequence[str], two: Sequence[str]) -> int:
    """Return how many slips make one text of the other, more than ever forgiven when more than slips would have to."""
    at = to = slips = 0
    while at < len(one) and to < len(two):
        slip = _slip(one[at], two[to])
        if slip <= 1:
            at, to, slips = at + 1, to + 1, slips + slip
        elif two[to].isalpha() and "".join(one[at : at + 2]) == two[to]:
            at, to = at + 2, to + 1
        elif one[at].isalpha() and "".join(two[to : to + 2]) == one[at]:
            at, to = at + 1, to + 2
        else:
            break
    return slips if at == len(one) and to == len(two) else _MOST_SLIPS + 1


def _slip(one: str, two: str) -> int:
    """Return 0 for one word or its abbreviation ("bnyk"), 1 for a slip of the finger, 2 for another word."""
    if one == two:
        return 0
    short, long = sorted((one, two), key=len)
    if short[0] != long[0] or not one.isalpha() or not two.isalpha() or len(long) > _LONGEST:
        return 2
    if len(short) > 2 and _VOWELS.isdisjoint(short[1:]) and short == _bare(long):
        return 0
    return 1 if len(short) >= _SHORTEST and _is_slip(short, long) else 2


def _bare(word: str) -> str:
    return word[0] + "".join(letter for letter in word[1:] if letter not in _VOWELS)


def _is_slip(short: str, long: str) -> bool:
    """Say whether a letter is missing, two changed places, or one was taken for its neighbour."""
    while short and short[0] == long[0]:
        short, long = short[1:], long[1:]
    while short and short[-1] == long[-1]:
        short, long = short[:-1], long[:-1]
    if len(short) == 1 == len(long):
        return frozenset(short + long) in _KEYS
    return len(long) == 1 or (len(long) == 2 and short == long[::-1])


@dataclass(frozen=True, slots=True)
class _Traits:
    report: Report
    words: frozenset[str]
    streets: frozenset[str]
    places: frozenset[str]
    phrases: frozenset[str]
    numbers: dict[str, str]

    @classmethod
    def of(cls, report: Report) -> _Traits:
        words = [*_words((report.address or "")[:_READ]), *_words(report.text[:_READ])]
        streets, landmarks = _names(words, _STREETS), _names(words, _LANDMARKS)
        numbers = {word: value for word, value in pairwise(words) if word in _NUMBERED}
        spoken = frozenset(word for word in words if word.isalpha()) - _LIGHT
        places = streets | landmarks
        phrases = places.union(after for word, after in pairwise(words) if word in places and after not in _NO_NAME)
        return cls(report, spoken, streets, places, phrases, numbers)


def _names(words: Sequence[str], markers: Collection[str]) -> frozenset[str]:
    """Return the word after each marker that names the place: "sutami" of "jalan bendungan sutami"."""
    names: set[str] = set()
    for at, word in enumerate(words):
        if word in markers and len(names) < _MOST_NAMES:
            after = (name for name in words[at + 1 : at + 5] if len(name) > 1 and name not in _GENERIC)
            name = next((name for name in after if name.isalpha()), "")
            if name and name not in _NO_NAME and name not in _LIGHT:
                names.add(name)
    return frozenset(names)


def _likeness(a: _Traits, b: _Traits) -> float:
    apart = abs((a.report.received_at - b.report.received_at).total_seconds())
    return math.sqrt(_one_place(a, b) * _one_subject(a, b)) * max(0.0, 1 - apart / _SECONDS)


def _one_place(a: _Traits, b: _Traits) -> float:
    one, two = a.report, b.report
    if one.lat is not None and one.long is not None and two.lat is not None and two.long is not None:
        metres = _metres(one.lat, one.long, two.lat, two.long)
        return min(1.0, max(0.0, (_FAR - metres) / (_FAR - _NEAR)))
    conflict = any(b.numbers.get(word, value) != value for word, value in a.numbers.items())
    return _one_name(a, b) * (0.3 if conflict else 1.0)


def _one_name(a: _Traits, b: _Traits) -> float:
    one, two = (a.streets, b.streets) if a.streets and b.streets else (a.places, b.places)
    shared = _said_in(b.words, one) | _said_in(a.words, two)
    if shared:
        return min(1.0, len(shared) / min(len(one) or len(two), len(two) or len(one)))
    if one and two:
        return 0.0
    return _UNKNOWN_BUT_ALIKE if a.words == b.words and len(a.words) >= _A_SENTENCE else _UNKNOWN


def _said_in(words: Collection[str], names: Collection[str]) -> set[str]:
    return {name for name in names if name in words or any(_slip(name, word) < 2 for word in words)}


def _one_subject(a: _Traits, b: _Traits) -> float:
    one, two = (report.words - report.places - (a.phrases & b.phrases) - _GENERIC for report in (a, b))
    common = 2 * len(one & two) / ((len(one) + len(two)) or 1)
    return 0.5 * _one_category(a.report, b.report) + 0.5 * min(1.0, 1.5 * common)


def _one_category(a: Report, b: Report) -> float:
    if a.category is None or b.category is None:
        return 0.5
    if a.category == b.category:
        return 1.0
    return 0.7 if (a.opd, a.division) == (b.opd, b.division) else 0.3 if a.opd == b.opd else 0.0


def _metres(lat: float, long: float, other_lat: float, other_long: float) -> float:
    """Return the distance; within a city the Earth is flat."""
    east = math.radians(other_long - long) * math.cos(math.radians((lat + other_lat) / 2))
    return _EARTH * math.hypot(east, math.radians(other_lat - lat))
