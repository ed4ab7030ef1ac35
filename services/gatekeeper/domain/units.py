"""Every unit that converts: those codes of UN/ECE Recommendation 20 whose factor is exact by definition (D3.9)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from services.gatekeeper.domain.units_count import COUNT_IN_C62
from services.gatekeeper.domain.units_energy import ENERGY_IN_JOU
from services.gatekeeper.domain.units_length import AREA_IN_MTK, LENGTH_IN_MTR
from services.gatekeeper.domain.units_mass import MASS_IN_KGM
from services.gatekeeper.domain.units_volume import VOLUME_IN_MTQ

DIMENSIONS: Mapping[str, Mapping[str, str]] = {
    "KGM": MASS_IN_KGM,
    "MTQ": VOLUME_IN_MTQ,
    "MTR": LENGTH_IN_MTR,
    "MTK": AREA_IN_MTK,
    "C62": COUNT_IN_C62,
    "JOU": ENERGY_IN_JOU,
}
"""Base unit of a dimension -> its units, each with how much of the base one of it is: a decimal or a ratio."""

UNITS: Mapping[str, tuple[str, Fraction]] = {
    unit: (base, Fraction(factor)) for base, table in DIMENSIONS.items() for unit, factor in table.items()
}
"""Unit code -> (base unit of its dimension, how much of the base one of it is)."""
