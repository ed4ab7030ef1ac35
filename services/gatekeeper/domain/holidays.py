"""Days off and make-up working days of the PRC, as the General Office of the State Council announced them.

Sources: 国办发明电〔2023〕7号 (2024), 国办发明电〔2024〕12号 (2025), 国办发明电〔2025〕7号 (2026).
A year that is not here counts Monday to Friday; when a new year is announced, add its lines.
"""

from __future__ import annotations

from datetime import date, timedelta

Span = tuple[date, date]
"""First and last day off, both inclusive."""

SPANS_OFF: tuple[Span, ...] = (
    (date(2024, 1, 1), date(2024, 1, 1)),  # New Year
    (date(2024, 2, 10), date(2024, 2, 17)),  # Spring Festival
    (date(2024, 4, 4), date(2024, 4, 6)),  # Qingming
    (date(2024, 5, 1), date(2024, 5, 5)),  # Labour Day
    (date(2024, 6, 10), date(2024, 6, 10)),  # Dragon Boat
    (date(2024, 9, 15), date(2024, 9, 17)),  # Mid-Autumn
    (date(2024, 10, 1), date(2024, 10, 7)),  # National Day
    (date(2025, 1, 1), date(2025, 1, 1)),
    (date(2025, 1, 28), date(2025, 2, 4)),
    (date(2025, 4, 4), date(2025, 4, 6)),
    (date(2025, 5, 1), date(2025, 5, 5)),
    (date(2025, 5, 31), date(2025, 6, 2)),
    (date(2025, 10, 1), date(2025, 10, 8)),  # National Day and Mid-Autumn
    (date(2026, 1, 1), date(2026, 1, 3)),
    (date(2026, 2, 15), date(2026, 2, 23)),
    (date(2026, 4, 4), date(2026, 4, 6)),
    (date(2026, 5, 1), date(2026, 5, 5)),
    (date(2026, 6, 19), date(2026, 6, 21)),
    (date(2026, 9, 25), date(2026, 9, 27)),
    (date(2026, 10, 1), date(2026, 10, 7)),
)

WORKED_WEEKENDS = frozenset(
    {
        *(date(2024, 2, 4), date(2024, 2, 18), date(2024, 4, 7), date(2024, 4, 28), date(2024, 5, 11)),
        *(date(2024, 9, 14), date(2024, 9, 29), date(2024, 10, 12)),
        *(date(2025, 1, 26), date(2025, 2, 8), date(2025, 4, 27), date(2025, 9, 28), date(2025, 10, 11)),
        *(date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20)),
        date(2026, 10, 10),
    }
)
"""Saturdays and Sundays that are worked instead."""

DAYS_OFF = frozenset(first + timedelta(days=n) for first, last in SPANS_OFF for n in range((last - first).days + 1))
