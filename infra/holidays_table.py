"""Write chalicelib/data/holidays.json: `python -m infra.holidays_table 2025 2027`.

National holidays and *cuti bersama* (the government's joint holidays) of Indonesia by the `holidays` library.
A year counts as loaded only when its cuti bersama are known: without them every deadline of that year would
silently be too early.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import holidays
from holidays.constants import GOVERNMENT, PUBLIC

TARGET = Path(__file__).parent.parent / "chalicelib" / "data" / "holidays.json"


def table(first: int, last: int) -> dict[str, dict[str, str]]:
    """Return {year: {ISO date: name}}; raise ValueError for a year whose cuti bersama are not published yet."""
    years = {}
    for year in range(first, last + 1):
        if not holidays.country_holidays("ID", years=year, categories=(GOVERNMENT,)):
            raise ValueError(f"the cuti bersama of {year} are not known to holidays {holidays.__version__}")
        days = holidays.country_holidays("ID", years=year, categories=(PUBLIC, GOVERNMENT), language="id")
        years[str(year)] = {day.isoformat(): name for day, name in sorted(days.items())}
    return years


if __name__ == "__main__":
    result = table(int(sys.argv[1]), int(sys.argv[2]))
    TARGET.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {', '.join(f'{year}: {len(days)} days' for year, days in result.items())}")
