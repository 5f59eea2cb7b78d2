"""Builds src/tanbiao/exchange/elementary.csv: climate-relevant elementary flows under their EF 3.1 names.

Reads ../shared/data/starter/methods (IPCC tables as compiled by openclimatedata/globalwarmingpotentials, CC0; the
EF 3.1 climate change factors) and library/open-2026/gases.csv, whose rows are taken over as they are. Synonyms, CAS
numbers and Chinese names below are common knowledge, written by hand.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from tanbiao.exchange.elementary import plain

ROOT = Path(__file__).resolve().parents[1]
METHODS = ROOT.parent / "shared" / "data" / "starter" / "methods"
COLUMNS = [
    "gas",
    "name_en",
    "name_zh",
    "formula",
    "position",
    "AR4",
    "AR5",
    "AR6",
    "ef31",
    "synonyms",
    "cas",
    "status",
    "source",
]

# gas id → EF 3.1 name, synonyms (| between), CAS where it tells the flow apart
HAND = {
    "co2_fossil": (
        "carbon dioxide (fossil)",
        "carbon dioxide, fossil|co2, fossil|co2 fossil|fossil co2|二氧化碳（化石）"
        "|化石源二氧化碳|carbon dioxide (peat oxidation)|carbon dioxide, from fossil",
        "",
    ),
    "co2_biogenic": (
        "carbon dioxide (biogenic)",
        "carbon dioxide, biogenic|carbon dioxide, non-fossil|co2, biogenic"
        "|biogenic co2|carbon dioxide (biogenic-100yr)|二氧化碳（生物源）|二氧化碳（生物源，释放）|生物源二氧化碳",
        "",
    ),
    "co2_luluc": (
        "carbon dioxide (land use change)",
        "carbon dioxide, land transformation|carbon dioxide, from soil or "
        "biomass stock|二氧化碳（土地利用变化）",
        "",
    ),
    "ch4_fossil": ("methane (fossil)", "methane, fossil|ch4, fossil|甲烷（化石）|化石源甲烷", ""),
    "ch4_nonfossil": (
        "methane (biogenic)",
        "methane, biogenic|methane, non-fossil|ch4, biogenic|甲烷（非化石）|甲烷（生物源）"
        "|methane, from soil or biomass stock",
        "",
    ),
    "n2o": (
        "nitrous oxide",
        "dinitrogen monoxide|n2o|nitrous oxide (laughing gas)|dinitrogen oxide|氧化亚氮|一氧化二氮"
        "|nitrogen monoxide, di",
        "10024-97-2",
    ),
    "co2e_unsplit": (
        "",
        "co2e|co2-eq|co2 eq|carbon dioxide equivalent|greenhouse gases (co2e)|二氧化碳当量",
        "",
    ),
    "sf6": ("sulphur hexafluoride", "sulfur hexafluoride|sf6|六氟化硫", "2551-62-4"),
    "nf3": ("nitrogen trifluoride", "nitrogen fluoride|nf3|三氟化氮", "7783-54-2"),
    "so2f2": ("sulfuryl fluoride", "sulphuryl fluoride|硫酰氟", "2699-79-8"),
    "sf5cf3": ("sulphur, trifluoromethyl pentafluoride", "trifluoromethylsulfur pentafluoride", "373-80-8"),
    "pfc14": (
        "PFC-14",
        "FC-14|CFC-14|tetrafluoromethane|methane, tetrafluoro-|carbon tetrafluoride|cf4|四氟化碳|四氟甲烷"
        "|perfluoromethane",
        "75-73-0",
    ),
    "pfc116": (
        "PFC-116",
        "HFC-116|CFC-116|FC-116|hexafluoroethane|ethane, hexafluoro-|c2f6|六氟乙烷|perfluoroethane",
        "76-16-4",
    ),
    "pfc218": ("PFC-218", "FC-218|octafluoropropane|perfluoropropane|c3f8|全氟丙烷|八氟丙烷", "76-19-7"),
    "pfc_c_318": ("PFC-318", "PFC-C-318|perfluorocyclobutane|octafluorocyclobutane", "115-25-3"),
    "pfc31_10": ("PFC-31-10", "decafluorobutane|perfluorobutane", "355-25-9"),
    "pfc41_12": ("PFC-41-12", "dodecafluoropentane|perfluoropentane", "678-26-2"),
    "pfc51_14": ("PFC-51-14", "perfluorohexane|tetradecafluorohexane", "355-42-0"),
    "pfc61_16": ("PFC-61-16", "perfluoroheptane", ""),
    "pfc71_18": ("PFC-71-18", "perfluorooctane", ""),
    "pfc91_18": ("PFC-9-1-18", "PFC-91-18|perfluorodecalin", ""),
    "pfc1114": ("tetrafluoroethylene", "PFC-1114|tetrafluoroethene", "116-14-3"),
    "pfc1216": ("1,1,2,3,3,3-hexafluoroprop-1-ene", "PFC-1216|hexafluoropropene", "116-15-4"),
    "hfc23": ("HFC-23", "trifluoromethane|methane, trifluoro-|三氟甲烷", "75-46-7"),
    "hfc32": ("HFC-32", "difluoromethane|methane, difluoro-|二氟甲烷", "75-10-5"),
    "hfc41": ("HFC-41", "fluoromethane", "593-53-3"),
    "hfc125": ("HFC-125", "pentafluoroethane|ethane, pentafluoro-|五氟乙烷", "354-33-6"),
    "hfc134": ("HFC-134", "1,1,2,2-tetrafluoroethane", "359-35-3"),
    "hfc134a": ("HFC-134a", "1,1,1,2-tetrafluoroethane|ethane, 1,1,1,2-tetrafluoro-|四氟乙烷", "811-97-2"),
    "hfc143": ("HFC-143", "1,1,2-trifluoroethane", "430-66-0"),
    "hfc143a": ("1,1,1-trifluoroethane", "HFC-143a|ethane, 1,1,1-trifluoro-", "420-46-2"),
    "hfc152": ("HFC-152", "1,2-difluoroethane", "624-72-6"),
    "hfc152a": ("HFC-152a", "1,1-difluoroethane|ethane, 1,1-difluoro-", "75-37-6"),
    "hfc161": ("HFC-161", "fluoroethane", "353-36-6"),
    "hfc227ea": ("1,1,1,2,3,3,3-heptafluoropropane", "HFC-227ea|七氟丙烷", "431-89-0"),
    "hfc236ea": ("1,1,1,2,3,3-hexafluoropropane", "HFC-236ea", "431-63-0"),
    "hfc236fa": ("HFC-236fa", "1,1,1,3,3,3-hexafluoropropane", "690-39-1"),
    "hfc245fa": ("1,1,1,3,3-pentafluoropropane", "HFC-245fa", "460-73-1"),
    "hfc365mfc": ("HFC-365mfc", "1,1,1,3,3-pentafluorobutane", "406-58-6"),
    "hfc43_10mee": ("HFC-4310mee", "HFC-43-10mee|HFC-43-10", "138495-42-8"),
    "hfo1234yf": ("HFC-1234yf", "HFO-1234yf|2,3,3,3-tetrafluoropropene|polyhaloalkene", "754-12-1"),
    "hfo1234ze_e": ("(E)-HFC-1234ze", "HFO-1234ze(E)|HFO-1234ze", "29118-24-9"),
    "hfo1234ze_z": ("(Z)-HFC-1234ze", "HFO-1234ze(Z)", ""),
    "hfo1132a": ("1,1-difluoroethene", "HFC-1132a|HFO-1132a", ""),
    "hfo1141": ("fluoroethylene", "HFC-1141|HFO-1141", ""),
    "hfo1243zf": ("HFC-1243zf", "HFO-1243zf", ""),
    "hfo1225ye_e": ("(E)-HFC-1225ye", "HFO-1225ye(E)", ""),
    "hfo1225ye_z": ("(Z)-HFC-1225ye", "HFO-1225ye(Z)", ""),
    "hfo1336mzz_z": ("(Z)-HFC-1336", "(2z)-1,1,1,4,4,4-hexafluorobut-2-ene|HFO-1336mzz(Z)", ""),
    "hfo1345zfc": ("HFC-1345zfc", "HFO-1345zfc", ""),
    "cfc11": ("CFC-11", "trichlorofluoromethane|methane, trichlorofluoro-", "75-69-4"),
    "cfc12": ("CFC-12", "dichlorodifluoromethane|methane, dichlorodifluoro-", "75-71-8"),
    "cfc13": ("CFC-13", "chlorotrifluoromethane|methane, chlorotrifluoro-", "75-72-9"),
    "cfc113": (
        "1,1,2-trichlorotrifluoroethane",
        "CFC-113|ethane, 1,1,2-trichloro-1,2,2-trifluoro-",
        "76-13-1",
    ),
    "cfc114": ("CFC-114", "ethane, 1,2-dichloro-1,1,2,2-tetrafluoro-", "76-14-2"),
    "cfc115": ("CFC-115", "chloropentafluoroethane|ethane, chloropentafluoro-", "76-15-3"),
    "halon1301": ("Halon-1301", "bromotrifluoromethane|methane, bromotrifluoro-", "75-63-8"),
    "halon1211": ("Halon-1211", "bromochlorodifluoromethane|methane, bromochlorodifluoro-", "353-59-3"),
    "halon2402": ("Halon-2402", "", "124-73-2"),
    "halon1202": ("Halon-1202", "", "75-61-6"),
    "ccl4": ("Carbon tetrachloride", "CFC-10|tetrachloromethane|methane, tetrachloro-|四氯化碳", "56-23-5"),
    "ch3br": ("Methyl bromide", "Halon-1001|bromomethane|methane, bromo-|溴甲烷", "74-83-9"),
    "ch3ccl3": ("Methyl chloroform", "HCFC-140|1,1,1-trichloroethane|ethane, 1,1,1-trichloro-", "71-55-6"),
    "hcfc21": ("HCFC-21", "dichlorofluoromethane|methane, dichlorofluoro-", "75-43-4"),
    "hcfc22": (
        "HCFC-22",
        "chlorodifluoromethane|methane, chlorodifluoro-|methane, difluromonochloro-",
        "75-45-6",
    ),
    "hcfc123": ("HCFC-123", "ethane, 1,1,1-trifluoro-2,2-dichloro-", "306-83-2"),
    "hcfc124": (
        "HCFC-124",
        "ethane, 2-chloro-1,1,1,2-tetra-fluoro-|ethane, 2-chloro-1,1,1,2-tetrafluoro-",
        "2837-89-0",
    ),
    "hcfc141b": ("HCFC-141b", "1,1-dichloro-1-fluoroethane", "1717-00-6"),
    "hcfc142b": ("HCFC-142b", "1-chloro-1,1-difluoroethane", "75-68-3"),
    "chcl3": ("chloroform", "trichloromethane|methane, trichloro-|HCC-20|氯仿|三氯甲烷", "67-66-3"),
    "ch2cl2": (
        "dichloromethane",
        "Methylene chloride|methane, dichloro-|methane, dichloro|HCC-30|二氯甲烷",
        "75-09-2",
    ),
    "ch3cl": (
        "chloromethane",
        "methyl chloride|methane, monochloro-|methane, monochloro|methane, chloro-|R-40|HCC-40",
        "74-87-3",
    ),
    "ch2br2": ("dibromomethane", "methane, dibromo-", "74-95-3"),
    "c2cl4": (
        "tetrachloroethene",
        "ethene, tetrachloro-|ethene, tetrachloro|tetrachloroethylene|perchloroethylene",
        "127-18-4",
    ),
    "ch2clch2cl": ("1,2-dichloroethane", "ethane, 1,2-dichloro-|ethylene dichloride", "107-06-2"),
    "ch2brch2br": ("1,2-dibromoethane", "ethane, 1,2-dibromo-|ethylene dibromide", "106-93-4"),
}
ZH = {
    "cfc11": "三氯一氟甲烷",
    "cfc12": "二氯二氟甲烷",
    "cfc13": "一氯三氟甲烷",
    "cfc113": "三氯三氟乙烷",
    "cfc114": "二氯四氟乙烷",
    "cfc115": "一氯五氟乙烷",
    "ccl4": "四氯化碳",
    "ch3br": "溴甲烷",
    "ch3ccl3": "三氯乙烷（甲基氯仿）",
    "hcfc22": "一氯二氟甲烷",
    "hcfc21": "二氯一氟甲烷",
    "hcfc123": "二氯三氟乙烷",
    "hcfc124": "一氯四氟乙烷",
    "hcfc141b": "二氯一氟乙烷",
    "hcfc142b": "一氯二氟乙烷",
    "chcl3": "三氯甲烷",
    "ch2cl2": "二氯甲烷",
    "ch3cl": "氯甲烷",
    "ch2br2": "二溴甲烷",
    "c2cl4": "四氯乙烯",
    "ch2clch2cl": "1,2-二氯乙烷",
    "ch2brch2br": "1,2-二溴乙烷",
    "halon1301": "三氟一溴甲烷",
    "halon1211": "二氟一氯一溴甲烷",
}
IPCC = {
    "CFC11": "cfc11",
    "CFC12": "cfc12",
    "CFC13": "cfc13",
    "CFC113": "cfc113",
    "CFC114": "cfc114",
    "CFC115": "cfc115",
    "Halon1301": "halon1301",
    "Halon1211": "halon1211",
    "Halon2402": "halon2402",
    "Halon1202": "halon1202",
    "CCl4": "ccl4",
    "CH3Br": "ch3br",
    "CH2Br2": "ch2br2",
    "CH3CCl3": "ch3ccl3",
    "HCFC21": "hcfc21",
    "HCFC22": "hcfc22",
    "HCFC123": "hcfc123",
    "HCFC124": "hcfc124",
    "HCFC141b": "hcfc141b",
    "HCFC142b": "hcfc142b",
    "CHCl3": "chcl3",
    "CH2Cl2": "ch2cl2",
    "CH3Cl": "ch3cl",
}
UNSPECIFIED = {  # the source does not say which; taken as fossil, and said so in the report
    "co2_fossil": "carbon dioxide|co2|二氧化碳",
    "ch4_fossil": "methane|ch4|甲烷",
}
UPTAKE = "carbon dioxide, in air|carbon dioxide (in air)|carbon dioxide|co2, in air|空气中二氧化碳|二氧化碳（空气中）"
UPTAKE += "|carbon dioxide, from air"
GROUPS = (
    "carbon dioxide, to soil or biomass stock",
    "CFCs, unspecified",
    "HFCs and HCFCs, unspecified",
    "CFCs and HCFCs, unspecified",
    "Perfluorocarbons, unspecified",
    "PFC (perfluorocarbons)",
    "HFC (hydrofluorocarbons)",
    "hydrofluorocarbons",
    "perfluorocarbons",
    "Chlorinated fluorocarbons and hydrochlorinated fluorocarbons, unspecified",
    "chlorofluorocarbons",
    "hydrochlorofluorocarbons",
    "halons, unspecified",
    "greenhouse gases, unspecified",
    "全氟碳化物",
    "氢氟碳化物",
)


def main() -> None:
    with (ROOT / "library/open-2026/gases.csv").open(encoding="utf-8", newline="") as file:
        held = {r["id"]: r for r in csv.DictReader(file)}
    with (METHODS / "gwp_ipcc.csv").open(encoding="utf-8", newline="") as file:
        ipcc = {r["Species"]: r for r in csv.DictReader(line for line in file if not line.startswith("#"))}
    ef: dict[str, float] = {}
    spelled: dict[str, str] = {}
    with (METHODS / "ef31_climate_change.csv").open(encoding="utf-8", newline="") as file:
        for r in csv.DictReader(file):
            found = re.match(r"(.*) \(Mass, kg, .*\)$", r["flow"])
            if r["method"] == "Climate change" and found and r["direction"] == "Output":
                key = plain(found.group(1))
                ef[key] = max(ef.get(key, -9.0), float(r["cf"]))
                if key not in spelled or not found.group(1).islower():
                    spelled[key] = found.group(1)
    rows, used = [], set()
    numbers = {v: k for k, v in IPCC.items()}
    for gas in [*held, *(g for g in HAND if g not in held)]:
        name, synonyms, cas = HAND.get(gas, ("", "", ""))
        own = held.get(gas)
        terms = [plain(t) for t in (name, *synonyms.split("|")) if t]
        used |= set(terms)
        if own:
            row = {
                k: own[k]
                for k in ("name_en", "name_zh", "formula", "position", "AR4", "AR5", "AR6", "source")
            }
            code = re.search(r"\(([A-Z]+-[\w()-]+?)\)$", own["name_en"])
            terms += [plain(own["name_en"]), plain(own["name_zh"])] + ([plain(code.group(1))] if code else [])
            if not name and code and plain(code.group(1)) in ef:
                name = spelled[plain(code.group(1))]
            used |= set(terms)
        else:
            species = ipcc.get(numbers.get(gas, ""), {})
            ar6 = species.get("AR6GWP100") or (f"{ef[plain(name)]:g}" if plain(name) in ef else "")
            source = (
                "openclimatedata/globalwarmingpotentials (CC0)" if species else "EF 3.1 climate change (AR6)"
            )
            code = gas.upper().replace("HALON", "Halon-").replace("HCFC", "HCFC-").replace("CFC", "CFC-", 1)
            code = re.sub(r"HCFC--|HCFC-C?-?", "HCFC-", code) if gas.startswith("hcfc") else code
            title = name if not name.islower() else name.capitalize()
            row = {
                "name_en": title,
                "name_zh": ZH.get(gas, title),
                "formula": "",
                "position": "A",
                "AR4": species.get("AR4GWP100", ""),
                "AR5": species.get("AR5GWP100", ""),
                "AR6": ar6,
                "source": source,
            }
        rows.append(
            {
                "gas": gas,
                **row,
                "ef31": name,
                "cas": cas,
                "status": "gas",
                "synonyms": "|".join(dict.fromkeys(t for t in terms if t != plain(name))),
            }
        )
    for gas, names in UNSPECIFIED.items():
        rows.append(
            {
                "gas": gas,
                "name_en": names.split("|")[0],
                "name_zh": names.split("|")[-1],
                "status": "unspecified",
                "synonyms": names,
                "source": "taken as fossil; the source does not say",
            }
        )
    rows.append(
        {
            "gas": "co2_uptake",
            "name_en": "Carbon dioxide, uptake from air",
            "name_zh": "二氧化碳（自空气吸收）",
            "formula": "CO2",
            "position": "D",
            "AR4": "0",
            "AR5": "0",
            "AR6": "0",
            "ef31": "carbon dioxide (biogenic)",
            "synonyms": UPTAKE,
            "status": "uptake",
            "source": "convention: recorded, no GWP, as released biogenic CO2",
        }
    )
    for key, value in sorted(ef.items()):
        if key not in used and value != 0:
            slug = re.sub(r"[^a-z0-9]+", "_", key).strip("_")[:60]
            big = value >= 1
            rows.append(
                {
                    "gas": "ef_" + slug if big else "",
                    "name_en": spelled[key],
                    "name_zh": spelled[key],
                    "position": "A",
                    "AR6": f"{value:g}",
                    "ef31": spelled[key],
                    "synonyms": "",
                    "status": "gas" if big else "minor",
                    "source": "EF 3.1 climate change (AR6)",
                }
            )
    for name in GROUPS:
        rows.append(
            {
                "gas": "",
                "name_en": name,
                "name_zh": name,
                "status": "group",
                "source": "a group of gases: no single GWP",
            }
        )
    with (ROOT / "src/tanbiao/exchange/elementary.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
    print(len(rows), "rows")


if __name__ == "__main__":
    main()
