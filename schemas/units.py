"""How units are written in practice, and which code of UN/ECE Recommendation 20 each spelling means.

Spellings: of the SI, of the trade, Chinese ones, and the three-digit codes of the unit table of the General
Administration of Customs of the PRC. A spelling that could mean two things stands in `AMBIGUOUS` and is never guessed:
the quantity then has a unit that nobody knows (UNIT_NOT_CONVERTIBLE), which holds until the sender says what it means.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

SPELLINGS: Final[Mapping[str, str]] = {
    "KGM": "kg KG Kg kgs kilogram kilograms kilogramme kilogrammes 千克 公斤 035",
    "GRM": "g gram grams gramme grammes 克 公克 036",
    "MGM": "mg milligram milligrams 毫克",
    "MC": "μg ug mcg microgram micrograms 微克",
    "TNE": "t tonne tonnes 吨 公吨 070",
    "KTN": "kt 千吨",
    "DTN": "公担 047",
    "LTN": "长吨 071",
    "STN": "短吨 072",
    "CWI": "英担 078",
    "CWA": "短担 079",
    "LBR": "lb lbs LB LBS 磅 076",
    "CTM": "克拉 084",
    "LTR": "L l litre litres liter liters 升 公升 095",
    "MLT": "ml mL millilitre millilitres milliliter milliliters 毫升 096",
    "HLT": "hl hL 百升",
    "K6": "kl kL 千升 063",
    "MTQ": "m3 M3 cbm CBM 立方米 033",
    "DMQ": "dm3 立方分米",
    "CMQ": "cm3 cc 立方厘米",
    "MMQ": "mm3 立方毫米",
    "GLI": "英加仑 097",
    "GLL": "美加仑 098",
    "FTQ": "ft3 立方英尺 099",
    "INQ": "in3 立方英寸",
    "MTR": "m metre metres meter meters 米 公尺 030",
    "KMT": "km kilometre kilometres kilometer kilometers 千米 公里 147",
    "DMT": "dm 分米",
    "CMT": "cm centimetre centimetres centimeter centimeters 厘米 公分",
    "MMT": "mm millimetre millimetres millimeter millimeters 毫米",
    "4H": "μm um 微米",
    "C45": "纳米",
    "NMI": "海里",
    "SMI": "英里",
    "FOT": "ft foot feet 英尺 067",
    "INH": "in inch inches 英寸 088",
    "YRD": "yd yard yards 码 086",
    "MTK": "m2 M2 sqm 平方米 平米 032",
    "KMK": "km2 平方公里 平方千米",
    "DMK": "dm2 平方分米",
    "CMK": "cm2 平方厘米",
    "MMK": "mm2 平方毫米",
    "HAR": "ha 公顷",
    "FTK": "ft2 sqft 平方英尺 111",
    "INK": "in2 平方英寸",
    "YDK": "平方码 110",
    "JOU": "J joule joules 焦 焦耳",
    "KJO": "kJ 千焦",
    "3B": "MJ 兆焦",
    "GV": "吉焦",
    "WHR": "Wh 瓦时",
    "KWH": "kWh kwh KWh kW·h 千瓦时 062",
    "MWH": "MWh 兆瓦时",
    "GWH": "GWh 吉瓦时",
    "BTU": "Btu btu",
    "C62": "NMB 个 個 007",
    "EA": "ea Ea each",
    "H87": "pc pcs PCS Pcs pce PCE piece pieces 件 011 台 001 座 002 辆 003 艘 004 架 005 只 008 张 010 支 012 枝 013 "
    "根 014 把 016 块 017 片 020 具 039 枚 134 粒 139 部 163",
    "PR": "pair pairs 双 025 对 026",
    "DZN": "dozen 打 127",
    "GRO": "罗 129",
    "CEN": "百支 041 百把 042 百个 043 百片 044 百枝 049",
    "MIL": "千只 050 千块 051 千枝 053 千个 054 千张 058 千支 143 千粒 146",
}
"""Code -> how else it is written, after NFKC: full-width letters, ², ㎏ and the like need no spelling of their own."""

AMBIGUOUS: Final[Mapping[str, str]] = {
    "T": "tonne, short ton, long ton, or tesla",
    "MT": "metric ton, or megatonne; also a withdrawn code (mat)",
    "mt": "metric ton, or millitonne",
    "ton": "metric, short or long ton",
    "tons": "metric, short or long ton",
    "G": "gram, or a prefix left alone",
    "M": "metre, million, or a thousand",
    "MM": "millimetre, or a million",
    "CM": "centimetre, or cubic metre",
    "ML": "millilitre, or megalitre",
    "Mg": "megagram, or milligram written carelessly",
    "oz": "ounce, troy ounce, or fluid ounce",
    "OZ": "a deprecated code (ounce), or fluid ounce",
    "盎司": "ounce, troy ounce, or fluid ounce",
    "083": "the customs code of 盎司; published tables convert it as a troy ounce, others as an ounce",
    "pound": "a mass, or a currency",
    "ct": "carat, or count",
    "CT": "carat, count, or carton",
    "gal": "UK, US or dry gallon",
    "gallon": "UK, US or dry gallon",
    "加仑": "UK or US gallon",
    "pt": "UK, US or dry pint",
    "qt": "UK, US or dry quart",
    "bbl": "oil barrel, or dry barrel",
    "桶": "oil barrel, drum, or pail",
    "nm": "nanometre, or nautical mile",
    "mile": "statute, survey or nautical mile",
    "mil": "a thousandth of an inch, or a thousand",
    "GJ": "a code of its own (gram per millilitre), or gigajoule",
    "KJ": "a code of its own (kilosegment), or kilojoule",
    "KGS": "a code of its own (kilogram per second), or kilograms",
    "KL": "a code of its own (kilogram per metre), or kilolitre",
    "kcal": "International Table or thermochemical",
    "千卡": "International Table or thermochemical",
    "度": "kilowatt hour, or degree",
    "PC": "piece, or parcel (UN/ECE Recommendation 21)",
    "units": "pieces, or international units",
    "条": "a strip, or a carton of cigarettes",
    "斤": "half a kilogram in the mainland, a catty of another weight elsewhere",
    "担": "50 or 100 kg in the mainland, a picul of another weight elsewhere",
    "两": "50 g in the mainland, a tael of another weight elsewhere",
    "套": "a set: of how many, only the item knows",
    "组": "a group: of how many, only the item knows",
    "副": "a pair, or a set",
    "箱": "a package: of how many, only the item knows",
}
"""What is written in practice and not accepted, and what it could mean."""

ALIASES: Final[Mapping[str, str]] = {
    spelling: code for code, spellings in SPELLINGS.items() for spelling in spellings.split()
}


def normalised(unit: str) -> str:
    """The Recommendation 20 code that `unit` means when it is a known spelling; anything else stays as it is.

    Codes are compared as they are written: in capitals. Compatibility forms (NFKC) and outer blanks don't matter.
    """
    return ALIASES.get(unit) or ALIASES.get(unicodedata.normalize("NFKC", unit).strip(), unit)
