"""Units of volume of UN/ECE Recommendation 20 in cubic metres, each exact by definition (D3.9).

The UK gallon is 4.54609 l, the US gallon 231 cubic inches, the US bushel (dry) 2150.42 cubic inches.
"""

from __future__ import annotations

from collections.abc import Mapping

VOLUME_IN_MTQ: Mapping[str, str] = {
    # metric
    "MTQ": "1", "DMQ": "0.001", "CMQ": "0.000001", "MMQ": "0.000000001", "DMA": "1000", "H19": "1000000",
    "H20": "1000000000", "FF": "100", "R9": "1000", "HMQ": "1000000", "G26": "1",
    "LTR": "0.001", "MLT": "0.000001", "CLT": "0.00001", "DLT": "0.0001", "A44": "0.01", "HLT": "0.1", "K6": "1",
    "MAL": "1000", "4G": "0.000000001", "Q34": "0.000000000001", "Q33": "0.000000000000001",
    "Q32": "0.000000000000000001",
    # by the inch, foot, yard and mile; 42 and 40 cubic feet a shipping ton, 100 a register ton, 128 a cord
    "INQ": "0.000016387064", "FTQ": "0.028316846592", "YDQ": "0.764554857984", "M69": "4168181825.440579584",
    "HH": "2.8316846592", "FC": "28.316846592", "L84": "1.189307556864", "L86": "1.13267386368",
    "M70": "2.8316846592", "M68": "3.624556363776", "M67": "75271680000000/61023377953",
    # UK: gallon, its half, quarter and parts; 2 gallons a peck, 8 a bushel, 35 an oil barrel, 36 a beer barrel
    "GLI": "0.00454609", "QTI": "0.0011365225", "PTI": "0.00056826125", "GII": "0.0001420653125",
    "OZI": "0.0000284130625", "L43": "0.00909218", "BUI": "0.03636872", "J57": "0.15911315", "B4": "0.16365924",
    # US, liquid: gallon (the wine gallon is the same), quart, pint, gill, fluid ounce, kitchen measures, oil barrel
    "GLL": "0.003785411784", "WG": "0.003785411784", "QTL": "0.000946352946", "QT": "0.000946352946",
    "PTL": "0.000473176473", "PT": "0.000473176473", "GIA": "0.00011829411825", "OZA": "0.0000295735295625",
    "G21": "0.0002365882365", "G24": "0.00001478676478125", "G25": "0.00000492892159375", "BLL": "0.158987294928",
    # US, dry: bushel, peck, gallon, quart, pint; the dry barrel is 7056 cubic inches
    "BUA": "0.03523907016688", "G23": "0.00880976754172", "GLD": "0.00440488377086", "QTD": "0.001101220942715",
    "PTD": "0.0005506104713575", "BLD": "0.115627123584",
}  # fmt: skip
