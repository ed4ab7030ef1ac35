"""Units of mass of UN/ECE Recommendation 20 in kilograms, each exact by definition (D3.9).

The avoirdupois pound is 0.45359237 kg and the grain a 7000th of it (international yard and pound agreement, 1959).
"""

from __future__ import annotations

from collections.abc import Mapping

MASS_IN_KGM: Mapping[str, str] = {
    # metric
    "KGM": "1", "GRM": "0.001", "MGM": "0.000001", "MC": "0.000000001", "DG": "0.0001", "CGM": "0.00001",
    "DJ": "0.01", "HGM": "0.1", "DTN": "100", "TNE": "1000", "2U": "1000", "KTN": "1000000",
    "CTM": "0.0002", "M86": "0.5",
    # avoirdupois: 16 ounces, 7000 grains a pound; 14 pounds a stone; the dram is a 16th of an ounce
    "LBR": "0.45359237", "ONZ": "0.028349523125", "GRN": "0.00006479891", "DRI": "0.0017718451953125",
    "STI": "6.35029318", "QTR": "12.70058636", "CWI": "50.80234544", "LTN": "1016.0469088",
    "CWA": "45.359237", "CNT": "45.359237", "STN": "907.18474",
    # troy and apothecaries: 480 grains an ounce, 12 ounces a pound, 24 grains a pennyweight, 20 a scruple
    "APZ": "0.0311034768", "LBT": "0.3732417216", "DWT": "0.00155517384", "SCR": "0.0012959782",
    # the slug is lb × standard gravity / foot; the assay ton holds as many milligrams as a short ton troy ounces
    "F13": "8896443230521/609600000000", "M85": "7/240",
}  # fmt: skip
