"""Units of length and area of UN/ECE Recommendation 20 in metres and square metres, exact by definition (D3.9).

The yard is 0.9144 m; the US survey foot 1200/3937 m.
"""

from __future__ import annotations

from collections.abc import Mapping

LENGTH_IN_MTR: Mapping[str, str] = {
    # metric
    "MTR": "1", "DMT": "0.1", "CMT": "0.01", "MMT": "0.001", "4H": "0.000001", "C45": "0.000000001",
    "A11": "0.0000000001", "C52": "0.000000000001", "A71": "0.000000000000001", "A45": "10", "HMT": "100",
    "JPS": "100", "KMT": "1000", "MAM": "1000000", "LM": "1", "NMI": "1852", "H79": "1/3000",
    "A12": "149597870700", "B57": "9460730472580800",
    # by the international yard
    "INH": "0.0254", "M7": "0.0000000254", "77": "0.0000254", "H82": "127/360000", "H80": "0.04445",
    "FOT": "0.3048", "LF": "0.3048", "YRD": "0.9144", "LY": "0.9144", "AK": "1.8288", "X1": "20.1168",
    "M50": "201.168", "SMI": "1609.344",
    # by the US survey foot
    "M51": "1200/3937", "M49": "79200/3937", "M52": "6336000/3937",
}  # fmt: skip

AREA_IN_MTK: Mapping[str, str] = {
    # metric; 100 m² of tin plate are a sitas, the barn is a nuclear cross-section
    "MTK": "1", "DMK": "0.01", "CMK": "0.0001", "MMK": "0.000001", "H30": "0.000000000001", "ARE": "100",
    "H16": "100", "DAA": "1000", "HAR": "10000", "H18": "10000", "KMK": "1000000", "56": "100",
    "A14": "0.0000000000000000000000000001",
    # by the international yard; 31 360 in² of tin plate are a base box, 100 ft² of roofing a square
    "INK": "0.00064516", "TI": "0.64516", "FTK": "0.09290304", "SQR": "9.290304", "YDK": "0.83612736",
    "MIK": "2589988.110336", "BB": "20.2322176",
    # by the US survey foot
    "M48": "40144896000000/15499969",
}  # fmt: skip
