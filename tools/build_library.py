# ruff: noqa: E501 (tables and texts)
"""Write library/open-2026 from the starter data.

    python tools/build_library.py [STARTER_FOLDER]        default: ../shared/data/starter; run from the repository root

The result depends on the starter files and on the tables in this script only: no clock, no network, fixed order,
so that running it twice gives the same bytes. What it decides, and why:

* Only rows whose licence lets anybody ship them (`shippable` = yes, `status` not `fact-quoted`) are taken. The
  linked core must close without any other row and without a direct-CO2 grid row; otherwise the script stops.
* Source, licence and verification travel in each row.
* `gsd` values of kind `placeholder` are dropped. `low`/`high` of a factor are filled only from the publisher's own
  uncertainty u (ADEME, 95 %), read multiplicatively as the starter does: low = value/(1+u), high = value*(1+u).
* The wordy `boundary` becomes a controlled word; the words themselves stay in `notes`.
* A total whose split the publisher does not give keeps its split columns empty; compiling puts it in `unsplit`.
* Exchange ids are `<process>.xNN`, numbered in the order of the starter.

Needs Python only (PyYAML for library.yaml).
"""

from __future__ import annotations

import csv
import re
import sys
from decimal import Decimal
from pathlib import Path

import yaml

ID, VERSION = "open-2026", "1"
TARGET = Path("library") / ID

PROCESS_COLUMNS = [
    "id",
    "name_en",
    "name_zh",
    "place",
    "unit",
    "category",
    "year",
    "technology",
    "mass_basis",
    "coverage",
    "verification",
    "share",
    "licence",
    "source",
    "url",
    "notes",
]
EXCHANGE_COLUMNS = [
    "id",
    "process",
    "kind",
    "provider",
    "flow",
    "amount",
    "low",
    "high",
    "amount_kind",
    "unit",
    "note",
]
FACTOR_COLUMNS = [
    "id",
    "name_en",
    "name_zh",
    "place",
    "unit",
    "category",
    "value",
    "fossil",
    "biogenic",
    "land_use",
    "aircraft",
    "gas_basis",
    "gwp_set",
    "radiative_forcing",
    "boundary",
    "period_start",
    "period_end",
    "valid_until",
    "recycled_content",
    "mass_basis",
    "allowed_uses",
    "TeR",
    "GeR",
    "TiR",
    "quality_origin",
    "low",
    "high",
    "verification",
    "share",
    "licence",
    "source",
    "url",
    "locator",
    "notes",
]
GAS_COLUMNS = [
    "id",
    "name_en",
    "name_zh",
    "formula",
    "position",
    "AR4",
    "AR5",
    "AR6",
    "source",
    "verification",
]
CHECK_COLUMNS = ["id", "item", "unit", "value", "source", "verification", "comment"]
ELEMENT_COLUMNS = ["item", "element", "kg_per_kg"]

UNITS = {"t.km": "t·km", "unit": "piece"}
KINDS = {"production": "reference", "technosphere": "input", "biosphere": "emission", "cutoff": "cutoff"}
GASES_OF_STARTER = {
    "co2_fossil": "co2_fossil",
    "co2_biogenic": "co2_biogenic",
    "ch4_fossil": "ch4_fossil",
    "n2o": "n2o",
    "cf4": "pfc14",
    "c2f6": "pfc116",
    "hfc152a": "hfc152a",
    "hfc134a": "hfc134a",
    "co2e_proxy": "co2e_unsplit",
}

BOUNDARIES = {
    "life cycle of generation, no T&D losses": "life_cycle",
    "life cycle of generation": "life_cycle",
    "cradle-to-grave of power generation and T&D (life cycle)": "life_cycle",
    "cradle-to-grave of power generation and T&D (life cycle, derived)": "life_cycle",
    "cradle-to-gate": "life_cycle",
    "cradle-to-gate (material supply incl. forming where named)": "life_cycle",
    "cradle-to-gate (manufacture; may include distribution)": "life_cycle",
    "cradle-to-gate, computed by solving the linked USLCI matrix; cut-off inputs omitted, no allocation of refinery "
    "co-products": "life_cycle",
    "well-to-wheel (fuel supply + use), no vehicle or infrastructure": "life_cycle",
    "combustion + upstream, per GJ net calorific value": "life_cycle",
    "well-to-tank (extraction, refining, distribution); no combustion": "upstream",
    "stationary combustion, CO2 only, net calorific value, oxidation factor 1": "combustion",
    "direct CO2 of generation on consumption basis (no upstream, no CH4/N2O); for organisational electricity "
    "accounting": "combustion",
    "gate-to-grave": "disposal",
}
WASTE = "gate-to-grave waste treatment, cut-off (recycling/incineration burden = transport to facility; no credits)"

NAMES_ZH = {
    "pm.2160": "碳酸锂生产（察尔汗盐湖）",
    "pm.2154": "纯水（反渗透，中国）",
    "pm.2159": "碳酸锂沉淀，第二步（察尔汗盐湖）",
    "pm.2158": "碳酸锂沉淀，第一步（察尔汗盐湖）",
    "pm.2157": "锂卤水净化（膜分离）",
    "pm.2156": "锂卤水过滤（离子交换）",
    "pm.2155": "锂卤水生产（锂离子选择性吸附）",
    "pm.2153": "碳酸锂生产（翁布雷穆埃尔托盐湖）",
    "pm.2135": "纯水（反渗透，阿根廷）",
    "pm.2152": "碳酸锂沉淀，第二步（翁布雷穆埃尔托盐湖）",
    "pm.2151": "碳酸锂沉淀，第一步（翁布雷穆埃尔托盐湖）",
    "pm.2150": "锂卤水除锰（翁布雷穆埃尔托盐湖）",
    "pm.2149": "锂卤水除硼（翁布雷穆埃尔托盐湖）",
    "pm.2126": "脱芳烃溶剂油生产",
    "pm.2148": "锂卤水生产，蒸发池（翁布雷穆埃尔托盐湖）",
    "pm.2147": "碳酸锂生产（考查里-奥拉罗斯盐湖）",
    "pm.2146": "碳酸锂沉淀，第二步（考查里-奥拉罗斯盐湖）",
    "pm.2145": "碳酸锂沉淀，第一步（考查里-奥拉罗斯盐湖）",
    "pm.2144": "锂卤水除硫酸根（考查里-奥拉罗斯盐湖）",
    "pm.2143": "锂卤水除石灰（考查里-奥拉罗斯盐湖）",
    "pm.2142": "锂卤水除锰（考查里-奥拉罗斯盐湖）",
    "pm.2141": "锂卤水除硼（考查里-奥拉罗斯盐湖）",
    "pm.2140": "锂卤水生产，蒸发池（考查里-奥拉罗斯盐湖）",
    "pm.2139": "碳酸锂生产（奥拉罗斯盐湖）",
    "pm.2138": "碳酸锂沉淀，第二步（奥拉罗斯盐湖）",
    "pm.2137": "碳酸锂沉淀，第一步（奥拉罗斯盐湖）",
    "pm.2136": "锂卤水生产，蒸发池（奥拉罗斯盐湖）",
    "pm.2134": "碳酸锂生产（阿塔卡马盐湖）",
    "pm.2133": "碳酸锂沉淀，第二步（智利）",
    "pm.2132": "碳酸锂洗涤（智利）",
    "pm.2125": "过滤，水离子交换器（智利）",
    "pm.2131": "碳酸锂沉淀，第一步（智利）",
    "pm.2130": "锂卤水除石灰（智利）",
    "pm.2129": "锂卤水除锰（智利）",
    "pm.2128": "锂卤水除硼（智利）",
    "pm.2127": "锂卤水生产，蒸发池（智利）",
    "pm.2124": "纯水（反渗透，智利）",
    "pm.2015": "石墨提纯",
    "pm.2016": "天然石墨球形化",
    "pm.2017": "天然石墨选矿",
    "pm.2018": "石墨矿开采",
    "pm.1828": "氢氧化钴，湿法处理矿石（经济分配）",
    "pm.1825": "铜钴矿开采，工业化（经济分配）",
    "pm.1824": "铜钴矿开采，手工",
    "pm.635": "氟乙烯生产",
    "pm.362": "1,1-二氟乙烷生产（HFC-152a）",
}

SOURCES = {
    "met.cn.al.foil": "built from processes of this library (met.cn.al, svc.cn.al.foil), whose sources they name",
    "met.cn.al.extrusion": "built from processes of this library (met.cn.al.wrought, svc.cn.al.extr), whose sources they name",
    "bat.cn.nmc622": "Dai et al. 2019, premise lci-batteries-NMC622-NMC532.xlsx",
}  # the starter says "above" there

# GWP100. Fluorinated gases: AR4 and AR5 from the CC0 table of openclimatedata/globalwarmingpotentials (compared with
# the copy in the starter, see `check_gases`), AR6 from IPCC AR6 WG1 table 7.SM.7 as held in chrisroadmap/ar6.
IPCC = "AR4, AR5: openclimatedata/globalwarmingpotentials (CC0); AR6: IPCC AR6 WG1 table 7.SM.7 via chrisroadmap/ar6"
FLUORINATED = """
HCFO-1233zd(E)|(E)-CF3CH=CHCl|||3.88|trans-1-chloro-3,3,3-trifluoropropene|反式-1-氯-3,3,3-三氟丙烯
HCFO-1233zd(Z)|(Z)-CF3CH=CHCl|||0.454|cis-1-chloro-3,3,3-trifluoropropene|顺式-1-氯-3,3,3-三氟丙烯
HFC-23|CHF3|14800|12400|14600|trifluoromethane|三氟甲烷
HFC-32|CH2F2|675|677|771|difluoromethane|二氟甲烷
HFC-41|CH3F||116|135|fluoromethane|氟甲烷
HFC-125|CHF2CF3|3500|3170|3740|pentafluoroethane|五氟乙烷
HFC-134|CHF2CHF2||1120|1260|1,1,2,2-tetrafluoroethane|1,1,2,2-四氟乙烷
HFC-134a|CH2FCF3|1430|1300|1530|1,1,1,2-tetrafluoroethane|1,1,1,2-四氟乙烷
HFC-143|CH2FCHF2||328|364|1,1,2-trifluoroethane|1,1,2-三氟乙烷
HFC-143a|CH3CF3|4470|4800|5810|1,1,1-trifluoroethane|1,1,1-三氟乙烷
HFC-152|CH2FCH2F||16|21.5|1,2-difluoroethane|1,2-二氟乙烷
HFC-152a|CH3CHF2|124|138|164|1,1-difluoroethane|1,1-二氟乙烷
HFC-161|CH3CH2F||4|4.84|fluoroethane|氟乙烷
HFC-227ca|CF3CF2CHF2|||2980|1,1,1,2,2,3,3-heptafluoropropane|1,1,1,2,2,3,3-七氟丙烷
HFC-227ea|CF3CHFCF3|3220|3350|3600|1,1,1,2,3,3,3-heptafluoropropane|1,1,1,2,3,3,3-七氟丙烷
HFC-236cb|CH2FCF2CF3||1210|1350|1,1,1,2,2,3-hexafluoropropane|1,1,1,2,2,3-六氟丙烷
HFC-236ea|CHF2CHFCF3||1330|1500|1,1,1,2,3,3-hexafluoropropane|1,1,1,2,3,3-六氟丙烷
HFC-236fa|CF3CH2CF3|9810|8060|8690|1,1,1,3,3,3-hexafluoropropane|1,1,1,3,3,3-六氟丙烷
HFC-245ca|CH2FCF2CHF2||716|787|1,1,2,2,3-pentafluoropropane|1,1,2,2,3-五氟丙烷
HFC-245cb|CF3CF2CH3|||4550|1,1,1,2,2-pentafluoropropane|1,1,1,2,2-五氟丙烷
HFC-245ea|CHF2CHFCHF2|||255|1,1,2,3,3-pentafluoropropane|1,1,2,3,3-五氟丙烷
HFC-245eb|CH2FCHFCF3|||325|1,1,1,2,3-pentafluoropropane|1,1,1,2,3-五氟丙烷
HFC-245fa|CHF2CH2CF3|1030|858|962|1,1,1,3,3-pentafluoropropane|1,1,1,3,3-五氟丙烷
HFC-263fb|CH3CH2CF3|||74.8|1,1,1-trifluoropropane|1,1,1-三氟丙烷
HFC-272ca|CH3CF2CH3|||599|2,2-difluoropropane|2,2-二氟丙烷
HFC-329p|CHF2CF2CF2CF3|||2890|1,1,1,2,2,3,3,4,4-nonafluorobutane|1,1,1,2,2,3,3,4,4-九氟丁烷
HFC-365mfc|CH3CF2CH2CF3|794|804|914|1,1,1,3,3-pentafluorobutane|1,1,1,3,3-五氟丁烷
HFC-43-10mee|CF3CHFCHFCF2CF3|1640|1650|1600|1,1,1,2,2,3,4,5,5,5-decafluoropentane|1,1,1,2,2,3,4,5,5,5-十氟戊烷
HFO-1123|CHF=CF2|||0.005|trifluoroethene|三氟乙烯
HFO-1132a|CH2=CF2|||0.052|1,1-difluoroethene|1,1-二氟乙烯
HFO-1141|CH2=CHF|||0.024|fluoroethene|氟乙烯
HFO-1225ye(Z)|(Z)-CF3CF=CHF|||0.344|cis-1,2,3,3,3-pentafluoropropene|顺式-1,2,3,3,3-五氟丙烯
HFO-1225ye(E)|(E)-CF3CF=CHF|||0.118|trans-1,2,3,3,3-pentafluoropropene|反式-1,2,3,3,3-五氟丙烯
HFO-1234ze(Z)|(Z)-CF3CH=CHF|||0.315|cis-1,3,3,3-tetrafluoropropene|顺式-1,3,3,3-四氟丙烯
HFO-1234ze(E)|(E)-CF3CH=CHF|||1.37|trans-1,3,3,3-tetrafluoropropene|反式-1,3,3,3-四氟丙烯
HFO-1234yf|CF3CF=CH2|||0.501|2,3,3,3-tetrafluoropropene|2,3,3,3-四氟丙烯
HFO-1336mzz(E)|(E)-CF3CH=CHCF3|||17.9|trans-1,1,1,4,4,4-hexafluoro-2-butene|反式-1,1,1,4,4,4-六氟-2-丁烯
HFO-1336mzz(Z)|(Z)-CF3CH=CHCF3|||2.08|cis-1,1,1,4,4,4-hexafluoro-2-butene|顺式-1,1,1,4,4,4-六氟-2-丁烯
HFO-1243zf|CF3CH=CH2|||0.261|3,3,3-trifluoropropene|3,3,3-三氟丙烯
HFO-1345zfc|CF3CF2CH=CH2|||0.182|3,3,4,4,4-pentafluoro-1-butene|3,3,4,4,4-五氟-1-丁烯
HFO-1438ezy(E)|(E)-(CF3)2CFCH=CHF|||8.22|trans-1,3,4,4,4-pentafluoro-3-(trifluoromethyl)-1-butene|反式-1,3,4,4,4-五氟-3-三氟甲基-1-丁烯
HFO-1447fz|CF3(CF2)2CH=CH2|||0.235|3,3,4,4,5,5,5-heptafluoro-1-pentene|3,3,4,4,5,5,5-七氟-1-戊烯
NF3|NF3|17200|16100|17400|nitrogen trifluoride|三氟化氮
SF6|SF6|22800|23500|25200|sulfur hexafluoride|六氟化硫
SF5CF3|SF5CF3|17700|17400|18500|trifluoromethylsulfur pentafluoride|三氟甲基五氟化硫
SO2F2|SO2F2||4090|4630|sulfuryl fluoride|硫酰氟
PFC-14|CF4|7390|6630|7380|tetrafluoromethane|四氟甲烷
PFC-116|C2F6|12200|11100|12400|hexafluoroethane|六氟乙烷
PFC-218|C3F8|8830|8900|9290|octafluoropropane|八氟丙烷
PFC-C-318|cyc (-CF2CF2CF2CF2-)|10300|9540|10200|octafluorocyclobutane|八氟环丁烷
PFC-31-10|n-C4F10|8860|9200|10000|decafluorobutane|十氟丁烷
PFC-41-12|n-C5F12|9160|8550|9220|dodecafluoropentane|十二氟戊烷
PFC-51-14|n-C6F14|9300|7910|8620|tetradecafluorohexane|十四氟己烷
PFC-61-16|n-C7F16||7820|8410|hexadecafluoroheptane|十六氟庚烷
PFC-71-18|n-C8F18||7620|8260|octadecafluorooctane|十八氟辛烷
PFC-91-18|C10F18||7190|7480|perfluorodecalin|全氟萘烷
PFC-1114|CF2=CF2|||0.004|tetrafluoroethene|四氟乙烯
PFC-1216|CF3CF=CF2|||0.09|hexafluoropropene|六氟丙烯
""".strip().splitlines()

HEADLINE = [
    (
        "co2_fossil",
        "Carbon dioxide, fossil",
        "二氧化碳（化石）",
        "CO2",
        "A",
        "1",
        "1",
        "1",
        "definition of GWP",
        "verified",
    ),
    (
        "co2_biogenic",
        "Carbon dioxide, biogenic, released",
        "二氧化碳（生物源，释放）",
        "CO2",
        "F",
        "0",
        "0",
        "0",
        "convention of this library: recorded and counted as 0, because its uptake is not recorded either",
        "convention",
    ),
    (
        "co2_luluc",
        "Carbon dioxide, land use change",
        "二氧化碳（土地利用变化）",
        "CO2",
        "E",
        "1",
        "1",
        "1",
        "definition of GWP",
        "verified",
    ),
    (
        "ch4_fossil",
        "Methane, fossil",
        "甲烷（化石）",
        "CH4",
        "A",
        "25",
        "30",
        "29.8",
        "AR4: "
        + "openclimatedata/globalwarmingpotentials (CC0); AR5 30 with the CO2 of oxidation: from memory, unverified "
        "(28 is the value without oxidation); AR6 29.8: EF 3.1 climate change method file",
        "memory",
    ),
    (
        "ch4_nonfossil",
        "Methane, non-fossil",
        "甲烷（非化石）",
        "CH4",
        "C",
        "25",
        "28",
        "27.0",
        "AR4, AR5: openclimatedata/globalwarmingpotentials (CC0); AR6 27.0: EF 3.1 climate change method file",
        "verified",
    ),
    ("n2o", "Nitrous oxide", "氧化亚氮", "N2O", "A", "298", "265", "273", IPCC, "verified"),
    (
        "n2o_biogenic",
        "Nitrous oxide, from biomass, manure or soils",
        "氧化亚氮（生物质、粪肥或土壤）",
        "N2O",
        "C",
        "298",
        "265",
        "273",
        IPCC,
        "verified",
    ),
]
UNSPLIT = (
    "co2e_unsplit",
    "Carbon dioxide equivalent without its gases",
    "二氧化碳当量（气体未分）",
    "",
    "unsplit",
    "1",
    "1",
    "1",
    "placeholder of this library for a published or judged CO2e total; its own GWP set is unknown",
    "convention",
)

KNOWN_FAULTS = [
    {
        "code": "library-hollow",
        "item": "pm.1824",
        "zh": "手工铜钴矿开采在来源清单中没有燃料和用电，来源如此，未补数；其足迹为零，低估钴链。",
        "en": "Artisanal copper-cobalt mining has neither fuel nor power in the source inventory; nothing was made up. Its "
        "footprint is zero, which understates the cobalt chain.",
    },
    *(
        {
            "code": "library-mass-basis",
            "item": item,
            "zh": "来源写作七水碳酸钠，本库按无水纯碱同量连接，偏高（高估纯碱，不低估）。",
            "en": "The source calls it soda ash heptahydrate; it is linked to anhydrous soda ash kilogram for kilogram, which "
            "overstates the soda ash and never understates it.",
        }
        for item in ("pm.2158", "pm.2151", "pm.2150", "pm.2145", "pm.2142", "pm.2137", "pm.2131", "pm.2129")
    ),
]

ATOMIC_MASS = {
    "H": "1.008",
    "Li": "6.94",
    "C": "12.011",
    "O": "15.999",
    "F": "18.998",
    "P": "30.974",
    "S": "32.06",
    "Mn": "54.938",
    "Fe": "55.845",
    "Co": "58.933",
    "Ni": "58.693",
    "Al": "26.982",
    "Cu": "63.546",
}  # kg/kmol, IUPAC abridged values
FORMULAS = {
    "chem.cn.li2co3": "Li2 C O3",
    "chem.cn.li2co3.spod": "Li2 C O3",
    "pm.li2co3.brine": "Li2 C O3",
    "chem.cn.lioh": "Li O2 H3",
    "chem.cn.lioh.spod": "Li O2 H3",
    "chem.lioh.brine": "Li O2 H3",
    "chem.cn.lioh.anh": "Li O H",
    "chem.cn.lif": "Li F",
    "chem.cn.lipf6": "Li P F6",
    "chem.cn.niso4": "Ni S O4",
    "chem.cn.niso4.6h2o": "Ni S O10 H12",
    "met.cn.ni": "Ni",
    "chem.cn.coso4": "Co S O4",
    "pm.coso4": "Co S O4",
    "chem.cn.coso4.7h2o": "Co S O11 H14",
    "chem.cn.mnso4": "Mn S O4",
    "chem.cn.feso4": "Fe S O4",
    "chem.cn.fepo4": "Fe P O4",
    "bat.cn.lfp.solid": "Li Fe P O4",
    "met.cn.al": "Al",
    "met.cn.al.foil": "Al",
    "met.cn.cu": "Cu",
    "met.cn.cu.foil": "Cu",
}
"""What these items are made of, on the mass basis of the row; contents follow by stoichiometry."""
METALS = ("Li", "Mn", "Fe", "Co", "Ni", "Al", "Cu", "P")

LICENCES = [
    "CC BY 4.0 (Our World in Data, Ember)",
    "Open Government Licence v3.0 (UK DESNZ/DEFRA)",
    "Licence Ouverte 2.0 (ADEME Base Carbone; licence text from memory, unverified)",
    "BSD-3-Clause (premise)",
    "free of charge for all users and uses, as its data sets say (TianGong LCA v0.2.0; single amounts cited)",
    "US government work (USLCI)",
    "official notices of the People's Republic of China (facts)",
    "CC0 (own structure and judgement; openclimatedata/globalwarmingpotentials)",
]
PUBLISHERS = [
    "MEE, NBS, NEA: electricity CO2 factors 2021 to 2023 and electricity footprint factors 2023, 2024",
    "UK DESNZ/DEFRA greenhouse gas conversion factors 2025",
    "ADEME Base Carbone V23.6",
    "Our World in Data, Ember, Energy Institute",
    "NREL USLCI",
    "premise inventories (polca/premise d74d45b6)",
    "TianGong LCA v0.2.0",
    "IPCC 2006 Guidelines, AR4, AR5, AR6",
]


def read(path: Path) -> list[dict[str, str]]:
    """All cells as text (Namibia's code `NA` is not a missing value)."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def decimal(text: str) -> str:
    """A plain decimal text: no exponent, no trailing zeros; empty stays empty."""
    if not text.strip():
        return ""
    value = Decimal(text)
    if value == 0:
        return "0"
    return format(value.normalize(), "f")


def joined(*parts: str) -> str:
    """Sentences of one note."""
    return " ".join(p if p[-1] in ".;。" else p + "." for p in (q.strip() for q in parts) if p)


def unit_of(text: str) -> str:
    return UNITS.get(text, text)


def shipped(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [
        r
        for r in rows
        if r["shippable"] == "yes" and r.get("status") != "fact-quoted" and not r["id"].startswith("cpcd")
    ]


def uncertainty(gsd: str) -> Decimal:
    """ADEME's printed percentage back from gsd = exp(ln(1+u)/1.96), which the starter rounded to three decimals."""
    return Decimal(round(100 * (float(gsd) ** 1.96 - 1))) / 100


def interval(row: dict[str, str]) -> tuple[str, str]:
    if row["gsd_kind"] != "source" or float(row["gsd"]) <= 1:
        return "", ""
    value, u = Decimal(row["kgCO2e_total"]), uncertainty(row["gsd"])
    return decimal(f"{value / (1 + u):.6g}"), decimal(f"{value * (1 + u):.6g}")


def date(text: str) -> str:
    months = {"déc.-18": "2018-12-01"}  # a spreadsheet's rendering of the month of 2018-12
    return months.get(text, text)


def factor(row: dict[str, str]) -> dict[str, str]:
    words = row["boundary"]
    if words == WASTE:
        word = "disposal" if row["allowed_uses"] == "ED" else "transport_only"
    else:
        word = BOUNDARIES[words]
    low, high = interval(row)
    aircraft = row["kgCO2e_aircraft"]
    return {
        "id": row["id"],
        "name_en": row["name_en"],
        "name_zh": row["name_zh"],
        "place": row["geography"],
        "unit": unit_of(row["reference_unit"]),
        "category": row["category"],
        "value": decimal(row["kgCO2e_total"]),
        "fossil": decimal(row["kgCO2e_fossil"]),
        "biogenic": decimal(row["kgCO2e_biogenic"]),
        "land_use": decimal(row["kgCO2e_luluc"]),
        "aircraft": decimal(aircraft),
        "gas_basis": row["gas_basis"],
        "gwp_set": row["gwp_set"],
        "radiative_forcing": row["radiative_forcing"],
        "boundary": word,
        "period_start": row["reference_period_start"],
        "period_end": row["reference_period_end"],
        "valid_until": date(row["valid_until"]),
        "recycled_content": row["recycled_content"],
        "mass_basis": row["mass_basis"],
        "allowed_uses": row["allowed_uses"].replace(";", " "),
        "TeR": row["TeR"],
        "GeR": row["GeR"],
        "TiR": row["TiR"],
        "quality_origin": row["quality_kind"],
        "low": low,
        "high": high,
        "verification": row["verification"],
        "share": "full",
        "licence": row["licence"],
        "source": row["source_citation"],
        "url": row["source_url"],
        "locator": row["source_locator"],
        "notes": joined(
            row["notes"],
            f"Boundary as described: {words}",
            f"GWP basis: {row['gwp_basis']}",
            f"Status: {row['status']}",
            "low and high: the publisher's 95 % uncertainty, read multiplicatively" if low else "",
            "aircraft holds the whole well-to-wheel value, fuel supply included" if aircraft else "",
        ),
    }


def process(row: dict[str, str]) -> dict[str, str]:
    source = SOURCES.get(row["id"], row["source_citation"])
    source = source.replace("cathode above", "copper cathode of this library")
    if row["id"].startswith("mkt.elec"):
        state = "shares as packed in a public package; not compared with the publisher"
    elif "premise" in source:
        state = "amounts from the held premise workbook (cached values); not compared with the cited paper"
    elif row["coverage_class"] == "proxy":
        state = "own judgement; not compared"
    else:
        state = "amounts from the sources named; not compared with the original publication"
    return {
        "id": row["id"],
        "name_en": row["name_en"],
        "name_zh": NAMES_ZH.get(row["id"], row["name_zh"]),
        "place": row["geography"],
        "unit": unit_of(row["reference_unit"]),
        "category": row["category"],
        "year": row["reference_year"],
        "technology": "",
        "mass_basis": row["mass_basis"],
        "coverage": row["coverage_class"],
        "verification": state,
        "share": "full",
        "licence": row["licence"],
        "source": source,
        "url": row["source_url"],
        "notes": row["notes"],
    }


def exchanges(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    out, counts = [], dict[str, int]()
    for row in rows:
        n = counts[row["process"]] = counts.get(row["process"], 0) + 1
        kind, unit = KINDS[row["type"]], unit_of(row["unit"])
        comment = re.sub(r";? ?was cpcd\.\w+", "", row["comment"]).strip()
        if not unit:  # the starter keeps the unit of eight cut-offs in the comment
            unit = {"kilogram": "kg", "unit": "piece"}[comment.removeprefix("no provider: ")]
        provider = row["input"]
        if kind == "emission":
            provider = GASES_OF_STARTER[provider]
        elif kind == "cutoff":
            provider = ""
        flow = {"co2e_proxy": "co2e_unsplit"}.get(row["flow"], row["flow"])
        out.append(
            {
                "id": f"{row['process']}.x{n:02d}",
                "process": row["process"],
                "kind": kind,
                "provider": provider,
                "flow": flow,
                "amount": decimal(row["amount"]),
                "low": decimal(row["amount_low"]),
                "high": decimal(row["amount_high"]),
                "amount_kind": "judged" if row["amount_kind"] == "judged" else "source",
                "unit": unit,
                "note": comment,
            }
        )
    return out


def gas_id(name: str) -> str:
    """HFC-134a → hfc134a, HFC-43-10mee → hfc43_10mee, HFO-1234ze(E) → hfo1234ze_e."""
    return (
        re.sub(r"^([a-z]+)-(?=\d)", r"\1", name.lower()).replace("-", "_").replace("(", "_").replace(")", "")
    )


def gases() -> list[dict[str, str]]:
    rows = [dict(zip(GAS_COLUMNS, r, strict=True)) for r in HEADLINE]
    for line in FLUORINATED:
        name, formula, ar4, ar5, ar6, en, zh = line.split("|")
        source = IPCC + ("; 24300 is seen for AR6 in some later lists, from memory" if name == "SF6" else "")
        label = name if name == formula else f"{name}, {formula}"
        rows.append(
            {
                "id": gas_id(name),
                "name_en": f"{en[0].upper()}{en[1:]} ({name})",
                "name_zh": f"{zh}（{name}）",
                "formula": label.split(", ", 1)[-1],
                "position": "A",
                "AR4": ar4,
                "AR5": ar5,
                "AR6": ar6,
                "source": source,
                "verification": "verified",
            }
        )
    return [*rows, dict(zip(GAS_COLUMNS, UNSPLIT, strict=True))]


def check_gases(path: Path) -> None:
    """Stop where the table above and the CC0 table in the starter differ."""
    with path.open(encoding="utf-8") as file:
        table = {r["Species"]: r for r in csv.DictReader(line for line in file if not line.startswith("#"))}
    for line in FLUORINATED:
        name, formula, ar4, ar5, ar6, *_ = line.split("|")
        row = next(
            (
                table[k]
                for k in (
                    name.replace("-", ""),
                    formula,
                    formula.removeprefix("n-"),
                    name.replace("PFC-C-318", "cC4F8"),
                )
                if k in table
            ),
            None,
        )
        if row is None:
            continue
        for column, value in (("AR4GWP100", ar4), ("AR5GWP100", ar5), ("AR6GWP100", ar6)):
            if value and row[column] and float(row[column]) != float(value):
                print(
                    f"GWP differs: {name} {column}: {row[column]} in the starter, {value} here",
                    file=sys.stderr,
                )


def checks(rows: list[dict[str, str]], items: set[str]) -> list[dict[str, str]]:
    out, counts = [], dict[str, int]()
    for row in rows:
        item = row["process"]
        if item not in items:  # comparisons of whole products belong to the examples
            continue
        n = counts[item] = counts.get(item, 0) + 1
        out.append(
            {
                "id": f"{item}.c{n}",
                "item": item,
                "unit": unit_of(row["unit"]),
                "value": decimal(row["other_value"]),
                "source": row["source"],
                "verification": row["source_state"],
                "comment": row["comment"],
            }
        )
    return out


def elements(recovery: list[dict[str, str]]) -> list[dict[str, str]]:
    """Contents by stoichiometry, and those of the treated batteries as the starter computed them from the packs."""
    out = {}
    for item, formula in FORMULAS.items():
        parts = [re.fullmatch(r"([A-Z][a-z]?)(\d*)", p) for p in formula.split()]
        masses = {m[1]: Decimal(ATOMIC_MASS[m[1]]) * int(m[2] or 1) for m in parts if m}
        for element in METALS:
            if element in masses:
                out[item, element] = decimal(f"{masses[element] / sum(masses.values()):.4f}")
    for row in recovery:
        out[row["process"], row["element"]] = decimal(row["content_kg_per_kg_pack"])
    return [{"item": i, "element": e, "kg_per_kg": v} for (i, e), v in out.items()]


def stop_where_not_closed(
    processes: list[dict[str, str]],
    links: list[dict[str, str]],
    factors: dict[str, dict[str, str]],
    gas_ids: set[str],
) -> None:
    ids = {p["id"] for p in processes}
    for x in links:
        provider = x["provider"]
        if x["process"] not in ids:
            raise SystemExit(f"{x['id']}: process {x['process']} is not shipped")
        if x["kind"] == "input" and provider not in ids and provider not in factors:
            raise SystemExit(f"{x['id']}: provider {provider} is not shipped")
        if x["kind"] == "emission" and provider not in gas_ids:
            raise SystemExit(f"{x['id']}: gas {provider} is not listed")
        if provider in factors and factors[provider]["allowed_uses"] == "organisation_only":
            raise SystemExit(f"{x['id']}: linked to {provider}, which is for organisation accounts only")


def main(starter: Path) -> None:
    factors = [factor(r) for r in shipped(read(starter / "factors.csv"))]
    processes = [process(r) for r in shipped(read(starter / "unit_processes.csv"))]
    links = exchanges(read(starter / "exchanges.csv"))
    gas_rows = gases()
    check_gases(starter / "methods" / "gwp_ipcc.csv")
    stop_where_not_closed(processes, links, {f["id"]: f for f in factors}, {g["id"] for g in gas_rows})
    for row in (*processes, *factors, *gas_rows):
        if not (row["name_en"] and row["name_zh"]):
            raise SystemExit(f"{row['id']}: a name is missing")
    check_rows = checks(read(starter / "cross_checks.csv"), {r["id"] for r in (*processes, *factors)})

    element_rows = elements(read(starter / "eol_recovery.csv"))

    TARGET.mkdir(parents=True, exist_ok=True)
    write(TARGET / "processes.csv", PROCESS_COLUMNS, processes)
    write(TARGET / "exchanges.csv", EXCHANGE_COLUMNS, links)
    write(TARGET / "factors.csv", FACTOR_COLUMNS, factors)
    write(TARGET / "gases.csv", GAS_COLUMNS, gas_rows)
    write(TARGET / "checks.csv", CHECK_COLUMNS, check_rows)
    write(TARGET / "elements.csv", ELEMENT_COLUMNS, element_rows)
    head = {
        "id": ID,
        "version": VERSION,
        "title": {"zh": "开放背景库 2026", "en": "Open background library 2026"},
        "description": {
            "zh": f"{len(processes)} 个互相链接的单元过程、{len(factors)} 个可追溯的排放因子、{len(gas_rows)} 种温室气体的 "
            "GWP100。只含许可允许再分发的行，来源与许可逐行给出。",
            "en": f"{len(processes)} linked unit processes, {len(factors)} traced factors, GWP100 of {len(gas_rows)} greenhouse "
            "gas rows. Only rows that may be passed on; source and licence stand in each row.",
        },
        "share": "full",
        "licences": LICENCES,
        "sources": PUBLISHERS,
        "caution": {
            "zh": "用于学习、筛查与方法核对。很多化学品和金属是代理数据或由文献推算，电子件与铜精矿为判断值；因子的 GWP 版本不一，"
            "多数没有气体拆分。不得作为申报、认证或标识的唯一背景数据；电网直接 CO2 因子只用于组织核算，不用于产品碳足迹。",
            "en": "For learning, screening and checking methods. Many chemicals and metals are proxies or derived from literature; "
            "electronics and copper concentrate are judged. GWP sets of the factors differ and most give no gases. Not to be the "
            "only background of a declaration, certificate or label. Direct-CO2 grid factors serve organisation accounts only, "
            "never a product footprint.",
        },
        "known_faults": KNOWN_FAULTS,
    }
    text = yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=110)
    (TARGET / "library.yaml").write_text(text, encoding="utf-8")
    for name, rows in (
        ("processes", processes),
        ("exchanges", links),
        ("factors", factors),
        ("gases", gas_rows),
        ("checks", check_rows),
        ("elements", element_rows),
    ):
        print(f"{TARGET / name}.csv: {len(rows)} rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("../shared/data/starter"))
