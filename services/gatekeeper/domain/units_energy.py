"""Units of energy of UN/ECE Recommendation 20 in joules, each exact by definition (D3.9).

The calorie is 4.1868 J by the International Table and 4.184 J in thermochemistry; the Btu (IT) is what heats a pound by
a degree Fahrenheit at 4.1868 kJ/(kg K): 1055.05585262 J. The electronvolt is that of the SI of 2019.
"""

from __future__ import annotations

from collections.abc import Mapping

ENERGY_IN_JOU: Mapping[str, str] = {
    "JOU": "1", "C15": "0.001", "A70": "0.000000000000001", "A13": "0.000000000000000001", "KJO": "1000",
    "3B": "1000000", "GV": "1000000000", "D30": "1000000000000", "C68": "1000000000000000",
    "A68": "1000000000000000000", "A57": "0.0000001",
    "J55": "1", "WHR": "3600", "KWH": "3600000", "MWH": "3600000000", "GWH": "3600000000000",
    "D32": "3600000000000000",
    "D70": "4.1868", "E14": "4186.8", "D35": "4.184", "K53": "4184",
    "BTU": "1055.05585262", "N70": "1055055852620000000", "N72": "105480400",
    "A53": "0.0000000000000000001602176634", "B29": "0.0000000000000001602176634",
    "B71": "0.0000000000001602176634", "A85": "0.0000000001602176634",
    "85": "1.3558179483314004", "N46": "0.0421401100938048", "N47": "0.0035116758411504",
}  # fmt: skip
