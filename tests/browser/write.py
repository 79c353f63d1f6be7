"""`python -m tests.browser.write PORT DATA`: a city's history into the database of the service that runs there, through
the service's own workflows. Prints {name: [ticket, receipt]} of the complaints that pages are shown of."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from infra.local.environment import point_aws_at, service_defaults
from tests.browser.history import DAYS, History, lag, populate
from tests.browser.portraits import portraits

PRAISE: Final = "Telepon genggam dan piagam dari Wali Kota"


def stand_beside(port: int, data: Path) -> None:
    """Make this process one more of the service that runs at `port`: the same database, names and keys."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    try:
        urllib.request.build_opener(Stay, urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}/masuk")
    except urllib.error.HTTPError as sent_on:
        engine = urllib.parse.urlsplit(sent_on.headers["Location"])
    for name in [name for name in os.environ if name.startswith("SAMBAT_") and name != "SAMBAT_PUBLIC_URL"]:
        del os.environ[name]
    point_aws_at(f"{engine.scheme}://{engine.netloc}", os.environ)
    defaults = service_defaults(port, json.loads((data / "settings.json").read_text("utf-8"))["signing_key"])
    os.environ.update({**defaults, "SAMBAT_OIDC_ISSUER": "https://issuer.invalid", "SAMBAT_OIDC_AUDIENCE": "history"})


def open_on(first: datetime) -> None:
    """Let the service have begun on that day, and its sweep have read up to there."""
    from chalicelib.adapters.tables import RegistryItem, instant

    for place in (("service", "opened"), ("sweep", "watermark")):
        RegistryItem(*place, value=instant(first)).save()


def put_aside(at: datetime) -> None:
    """Let two messages lie in quarantine."""
    from chalicelib.adapters.quarantine import Quarantined, quarantine

    for number, text in enumerate(("sambat \ufffd\ufffd lampu jl ...", "Pesan gambar tanpa teks")):
        quarantine(Quarantined("generic", "no text", text), f"message{number}", at)


def main(port: int, data: Path) -> None:
    """Write the history."""
    stand_beside(port, data)
    from chalicelib.domain.complaint import Actor, Role
    from chalicelib.settings import current
    from chalicelib.workflows import city, rewarding

    city._FRESH = timedelta.max  # type: ignore[misc]  # its rules stay as they are while the weeks pass
    now = datetime.now(UTC).replace(microsecond=0)
    open_on(now - timedelta(days=DAYS + 1))
    story = History(now)
    for part in (populate, lag, portraits):
        part(story)
    story.happen()
    put_aside(now)
    before = (now.astimezone(current().zone).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    rewarding.award("dpuprpkp", "pju", before, PRAISE, Actor(Role.ADMIN, "admin"), now)
    sys.stdout.write(json.dumps(story.named))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
