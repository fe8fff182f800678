"""Write trends/packs/places.csv: every country's names in three languages and its box.

Boxes: Natural Earth 1:50m map subunits (public domain), as carried by country-bounding-boxes 0.2.3.
Names: Unicode CLDR, as carried by Babel 2.19; further English spellings are those that UCDP GED and
ACLED use. Needs both packages and iso3166: ``python tests/reference/places.py FILE``.
"""

import csv
import math
import sys
from pathlib import Path

import iso3166
from babel import Locale
from country_bounding_boxes.generated import countries

#: Spellings of published databases that CLDR and Natural Earth do not have.
ALSO = {
    "BA": ["Bosnia-Herzegovina", "Bosnia and Herzegovina"],
    "BO": ["Bolivia"],
    "BN": ["Brunei"],
    "CD": ["DR Congo (Zaire)", "Democratic Republic of Congo", "DR Congo"],
    "CG": ["Congo", "Republic of Congo"],
    "CI": ["Ivory Coast"],
    "CV": ["Cape Verde"],
    "CZ": ["Czech Republic"],
    "KH": ["Cambodia (Kampuchea)"],
    "KP": ["North Korea"],
    "KR": ["South Korea"],
    "LA": ["Laos"],
    "MD": ["Moldova"],
    "MK": ["Macedonia", "North Macedonia", "Macedonia, FYR"],
    "MM": ["Myanmar (Burma)", "Myanmar", "Burma"],
    "PS": ["Palestine"],
    "RU": ["Russia (Soviet Union)", "Russia"],
    "SZ": ["Swaziland", "eSwatini", "Kingdom of eSwatini (Swaziland)"],
    "SY": ["Syria"],
    "TL": ["East Timor"],
    "TR": ["Turkey", "Türkiye"],
    "TZ": ["Tanzania"],
    "US": ["United States", "United States of America"],
    "CW": ["Curacao"],
    "GG": ["Bailiwick of Guernsey"],
    "GS": ["South Georgia and the South Sandwich Islands"],
    "JE": ["Bailiwick of Jersey"],
    "BL": ["Saint-Barthelemy"],
    "MF": ["Saint-Martin"],
    "PN": ["Pitcairn"],
    "SH": ["Saint Helena, Ascension and Tristan da Cunha"],
    "VI": ["Virgin Islands, U.S."],
    "VN": ["Vietnam (North Vietnam)", "Vietnam"],
    "YE": ["Yemen (North Yemen)", "Yemen"],
    "ZW": ["Zimbabwe (Rhodesia)", "Zimbabwe"],
}
#: Countries whose parts carry no ISO code of their own, by Natural Earth's code of the country.
CODES = {"CNM": "CY", "CYN": "CY", "KOS": "XK", "PSX": "PS", "SDS": "SS", "SOL": "SO"} | {
    each.alpha3: each.alpha2 for each in iso3166.countries
}

boxes: dict[str, list[float]] = {}
english: dict[str, set[str]] = {}
for each in countries:
    code = each.iso_a2 if len(each.iso_a2) == 2 else CODES.get(each.adm0_a3, "")
    if not code:
        continue  # a territory that no ISO code names
    west, south, east, north = each.bbox
    box = boxes.setdefault(code, [south, west, north, east])
    box[:2] = min(box[0], south), min(box[1], west)
    box[2:] = max(box[2], north), max(box[3], east)
    whole = CODES.get(each.adm0_a3, "") == code
    english.setdefault(code, set()).add(each.admin if whole else each.subunit)

names = {lang: Locale(lang).territories for lang in ("en", "ar", "fr")}
rows = []
for code, box in boxes.items():
    if code not in names["en"]:
        continue
    outward = [math.floor(2 * end) / 2 for end in box[:2]] + [
        math.ceil(2 * end) / 2 for end in box[2:]
    ]
    also = {*english[code], *ALSO.get(code, [])} - {names["en"][code]}
    said = [names[lang][code] for lang in ("en", "ar", "fr")]
    rows.append([code, *said, " | ".join(sorted(also)), *outward])
with Path(sys.argv[1]).open("w", encoding="utf-8", newline="") as file:
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["code", "en", "ar", "fr", "also", "south", "west", "north", "east"])
    table.writerows(sorted(rows))
