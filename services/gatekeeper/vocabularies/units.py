"""Names of the units that convert (domain/units.py), in the order of their dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.gatekeeper.vocabularies.names import Names

DIMENSIONS: Final[Mapping[str, Names]] = {
    "KGM": Names("Mass", "质量"),
    "MTQ": Names("Volume", "体积"),
    "MTR": Names("Length", "长度"),
    "MTK": Names("Area", "面积"),
    "C62": Names("Count", "计数"),
    "JOU": Names("Energy", "能量"),
}
"""By base unit."""

_MASS: Final = """
KGM|kilogram|千克
GRM|gram|克
MGM|milligram|毫克
MC|microgram|微克
DG|decigram|分克
CGM|centigram|厘克
DJ|decagram|十克
HGM|hectogram|百克
DTN|decitonne (quintal)|公担
TNE|tonne (metric ton)|吨
2U|megagram|兆克
KTN|kilotonne|千吨
CTM|metric carat|克拉
M86|pfund|德磅
LBR|pound|磅
ONZ|ounce (avoirdupois)|常衡盎司
GRN|grain|格令
DRI|dram (UK)|英制打兰
STI|stone (UK)|英石
QTR|quarter (UK)|英制夸特
CWI|hundredweight (UK)|英担
LTN|ton (UK), long ton|长吨
CWA|hundredweight (US)|短担
CNT|cental (UK)|百磅
STN|ton (US), short ton|短吨
APZ|troy ounce|金衡盎司
LBT|troy pound|金衡磅
DWT|pennyweight|英钱
SCR|scruple|吩
F13|slug|斯勒格
M85|assay ton (short)|检定吨
"""

_VOLUME: Final = """
MTQ|cubic metre|立方米
DMQ|cubic decimetre|立方分米
CMQ|cubic centimetre|立方厘米
MMQ|cubic millimetre|立方毫米
DMA|cubic decametre|立方十米
H19|cubic hectometre|立方百米
H20|cubic kilometre|立方千米
FF|hundred cubic metres|百立方米
R9|thousand cubic metres|千立方米
HMQ|million cubic metres|百万立方米
G26|stere|层积立方米
LTR|litre|升
MLT|millilitre|毫升
CLT|centilitre|厘升
DLT|decilitre|分升
A44|decalitre|十升
HLT|hectolitre|百升
K6|kilolitre|千升
MAL|megalitre|兆升
4G|microlitre|微升
Q34|nanolitre|纳升
Q33|picolitre|皮升
Q32|femtolitre|飞升
INQ|cubic inch|立方英寸
FTQ|cubic foot|立方英尺
YDQ|cubic yard|立方码
M69|cubic mile (UK statute)|立方英里
HH|hundred cubic feet|百立方英尺
FC|thousand cubic feet|千立方英尺
L84|shipping ton (UK)|英制容积吨
L86|shipping ton (US)|美制容积吨
M70|register ton|登记吨
M68|cord (128 cubic feet)|考得
M67|acre-foot (US survey)|英亩英尺(美国测量)
GLI|gallon (UK)|英加仑
QTI|quart (UK)|英制夸脱
PTI|pint (UK)|英制品脱
GII|gill (UK)|英制及耳
OZI|fluid ounce (UK)|英制液盎司
L43|peck (UK)|英制配克
BUI|bushel (UK)|英制蒲式耳
J57|barrel (UK petroleum)|英制石油桶
B4|barrel (imperial, beer)|英制啤酒桶
GLL|gallon (US)|美加仑
WG|wine gallon|葡萄酒加仑
QTL|liquid quart (US)|美制液夸脱
QT|quart (US)|美制夸脱
PTL|liquid pint (US)|美制液品脱
PT|pint (US)|美制品脱
GIA|gill (US)|美制及耳
OZA|fluid ounce (US)|美制液盎司
G21|cup (US)|美制杯
G24|tablespoon (US)|美制汤匙
G25|teaspoon (US)|美制茶匙
BLL|barrel (US petroleum)|美制石油桶
BUA|bushel (US)|美制蒲式耳
G23|peck (US)|美制配克
GLD|dry gallon (US)|美制干加仑
QTD|dry quart (US)|美制干夸脱
PTD|dry pint (US)|美制干品脱
BLD|dry barrel (US)|美制干量桶
"""

_LENGTH: Final = """
MTR|metre|米
DMT|decimetre|分米
CMT|centimetre|厘米
MMT|millimetre|毫米
4H|micrometre|微米
C45|nanometre|纳米
A11|angstrom|埃
C52|picometre|皮米
A71|femtometre|飞米
A45|decametre|十米
HMT|hectometre|百米
JPS|hundred metres|百米长
KMT|kilometre|千米
MAM|megametre|兆米
LM|linear metre|延米
NMI|nautical mile|海里
H79|French gauge|法制规
A12|astronomical unit|天文单位
B57|light year|光年
INH|inch|英寸
M7|micro-inch|微英寸
77|milli-inch|密耳
H82|big point|大点
H80|rack unit|机架单位
FOT|foot|英尺
LF|linear foot|延英尺
YRD|yard|码
LY|linear yard|延码
AK|fathom|英寻
X1|Gunter's chain|冈特链
M50|furlong|弗隆
SMI|mile (statute)|英里
M51|foot (US survey)|美国测量英尺
M49|chain (US survey)|美国测量链
M52|mile (US survey)|美国测量英里
"""

_AREA: Final = """
MTK|square metre|平方米
DMK|square decimetre|平方分米
CMK|square centimetre|平方厘米
MMK|square millimetre|平方毫米
H30|square micrometre|平方微米
ARE|are|公亩
H16|square decametre|平方十米
DAA|decare|十公亩
HAR|hectare|公顷
H18|square hectometre|平方百米
KMK|square kilometre|平方千米
56|sitas (tin plate)|西塔(镀锡板)
A14|barn|靶恩
INK|square inch|平方英寸
TI|thousand square inches|千平方英寸
FTK|square foot|平方英尺
SQR|square (roofing)|百平方英尺(屋面)
YDK|square yard|平方码
MIK|square mile (statute)|平方英里
BB|base box (tin plate)|基准箱(镀锡板)
M48|square mile (US survey)|美国测量平方英里
"""

_COUNT: Final = """
C62|one|个
H87|piece|件
EA|each|每个
NAR|number of articles|物品数
PR|pair|双
NPR|number of pairs|双数
TPR|ten pairs|十双
DPR|dozen pairs|打双
DZN|dozen|打
DPC|dozen pieces|打件
SCO|score|二十个
CEN|hundred|百个
HC|hundred count|百计数
GRO|gross|罗
GGR|great gross|大罗
MIL|thousand|千个
T3|thousand pieces|千件
MIO|million|百万个
MLD|milliard (10⁹)|十亿个
BIL|billion (10¹²)|万亿个
TRL|trillion (10¹⁸)|百亿亿个
"""

_ENERGY: Final = """
JOU|joule|焦耳
C15|millijoule|毫焦
A70|femtojoule|飞焦
A13|attojoule|阿焦
KJO|kilojoule|千焦
3B|megajoule|兆焦
GV|gigajoule|吉焦
D30|terajoule|太焦
C68|petajoule|拍焦
A68|exajoule|艾焦
A57|erg|尔格
J55|watt second|瓦秒
WHR|watt hour|瓦时
KWH|kilowatt hour|千瓦时
MWH|megawatt hour|兆瓦时
GWH|gigawatt hour|吉瓦时
D32|terawatt hour|太瓦时
D70|calorie (International Table)|国际蒸汽表卡
E14|kilocalorie (International Table)|国际蒸汽表千卡
D35|calorie (thermochemical)|热化学卡
K53|kilocalorie (thermochemical)|热化学千卡
BTU|British thermal unit (International Table)|英热单位
N70|quad (10¹⁵ Btu)|夸德
N72|therm (US)|美制撒姆
A53|electronvolt|电子伏
B29|kiloelectronvolt|千电子伏
B71|megaelectronvolt|兆电子伏
A85|gigaelectronvolt|吉电子伏
85|foot pound-force|英尺磅力
N46|foot poundal|英尺磅达
N47|inch poundal|英寸磅达
"""


def _read(*tables: str) -> dict[str, Names]:
    rows = (line.split("|") for table in tables for line in table.strip().splitlines())
    return {code: Names(en, zh) for code, en, zh in rows}


UNITS: Final[Mapping[str, Names]] = _read(_MASS, _VOLUME, _LENGTH, _AREA, _COUNT, _ENERGY)
