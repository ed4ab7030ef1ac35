"""Units of count of UN/ECE Recommendation 20 that name a fixed number of whatever is counted (D3.9)."""

from __future__ import annotations

from collections.abc import Mapping

COUNT_IN_C62: Mapping[str, str] = {
    "C62": "1", "H87": "1", "EA": "1", "NAR": "1",
    "PR": "2", "NPR": "2", "TPR": "20", "DPR": "24",
    "DZN": "12", "DPC": "12", "SCO": "20", "CEN": "100", "HC": "100", "GRO": "144", "GGR": "1728",
    "MIL": "1000", "T3": "1000", "MIO": "1000000", "MLD": "1000000000", "BIL": "1000000000000",
    "TRL": "1000000000000000000",
}  # fmt: skip
