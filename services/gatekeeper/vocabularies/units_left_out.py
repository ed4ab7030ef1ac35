"""Units of the Recommendation in the six dimensions that don't convert, and why."""

from __future__ import annotations

from typing import Final

LEFT_OUT: Final[tuple[tuple[str, str], ...]] = (
    ("58 E4 HKM KIC KIP KDW GIC GIP TIC TIP", "they say whether packing counts, which net and gross quantity say here"),
    ("24 27", "expected, not weighed"),
    ("DB DT GDW HDW MND MD E28 FL LP W2 WB WE", "dry, wet, liquid or flaked: how much that is depends on the item"),
    (
        "B3 CTG CTN GFI KCC KHY KMA KNI KNS KPH KPO KPP KSD KSH KUR KWO LUB ODE ODG ODK ODM TMS",
        "mass of a substance within the item: only the item knows its share",
    ),
    ("A43 A75 CCT DPT GRT GT NL NT NTT RT SHT TKM", "tonnage of ships, of billing or of transport, no mass of goods"),
    ("DRA", "its name is the avoirdupois dram, the factor that is printed the troy one"),
    ("OZ", "deprecated for ONZ"),
    ("D04 D43", "approximate, or measured and not defined"),
    ("DMO NM3 SM3 STL", "at a temperature and pressure: how much that is depends on the item"),
    ("ASM ASU EQ HPA LPA PFL PGL", "alcohol or concentrate: how much that is depends on the item"),
    ("BFT BP MBF WSD", "timber by nominal size, which isn't what is there"),
    ("WCD", "description, name and factor contradict each other; M68 is the cord of 128 cubic feet"),
    ("WW", "water by volume or by mass"),
    ("C63 M47", "defined with π, so no ratio"),
    ("F49", "described by the international yard, printed with the factor of the survey foot"),
    ("LK", "a hundredth of a chain, and it isn't said of which"),
    ("N3 R1", "approximate"),
    ("AWG B82 E33 E52 FBM H77 HA LN", "no length that is the same for every item"),
    ("ACR", "printed with the factor of the US survey foot; most acres in trade are international ones"),
    ("E19 SQ", "approximate, or of no size"),
    ("A1 J39 J75 K51 N66 N67 N68 N69", "measured at a temperature, or a mean of such"),
    ("N71", "100 000 Btu by its description, 105.506 MJ by the directive"),
    ("E11 N1", "it isn't said which calorie"),
    ("B38 KWY D03 E07 C79 K3 MAH", "torque, a year of no said length, power, or apparent and reactive energy"),
    ("QR RM", "sheets by custom: mostly 25 and 500, not always"),
    ("DEC", "ten, or ten years"),
    ("CNP DRL DZP HBX NMP P5 TP", "packages: whether the package or what is in it counts, only the item knows"),
    ("10 11 AS AY KT LO SET TST", "sets: of how many, only the item knows"),
    ("HIU MIU NIU", "international units of a drug"),
    ("CLF E12 HEA IE LEF NPT STK TTS", "a number of one kind of thing; C62 and its multiples say the same"),
)
"""Codes, and why they are unknown here; packages of Recommendation 21 and everything of no size besides."""
