#!/usr/bin/python3
"""Cuts Inter down to what a report needs. Run by hand, once; the results are committed.

    assets/fonts/make.py Inter_400Regular.ttf Inter_600SemiBold.ttf

takes the static TrueType instances of Inter (https://github.com/rsms/inter, SIL Open Font License, see OFL.txt)
and writes Inter-Regular.ttf and Inter-Bold.ttf beside this script. The semi-bold weight is our bold: at the
sizes of a report it stands out enough, and stays calm. Needs fonttools.
"""

import copy
import pathlib
import sys

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem

# Latin with Extended-A and the Romanian letters, Greek, Cyrillic, punctuation, currencies, a few signs.
CHARACTERS = [
    *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x218, 0x21C), 0x1E9E,
    *range(0x370, 0x400), *range(0x400, 0x530),
    *range(0x2010, 0x2028), 0x202F, 0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x2044,
    *range(0x20A0, 0x20C1), 0x2116, 0x2122, 0x2190, 0x2191, 0x2192, 0x2193, 0x2194,
    0x2212, 0x2248, 0x2260, 0x2264, 0x2265, 0x25A1, 0x25CF, 0x2713,
]
# What a character that the font does not have is shown and found as.
REPLACEMENT = 0xFFFD


def tabular(font):
    """Glyph names of the equally wide digits and signs, by the name of the plain glyph."""
    found = {}
    gsub = font["GSUB"].table
    for record in gsub.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for table in gsub.LookupList.Lookup[index].SubTable:
                    table = getattr(table, "ExtSubTable", table)
                    found.update(table.mapping)
    return found


def cut(source, target):
    font = TTFont(source)
    wide = tabular(font)
    unicode = [table for table in font["cmap"].tables if table.isUnicode()]
    # Nothing applies layout features in a PDF, so the tabular digits become the digits.
    for table in unicode:
        for code in [*map(ord, "0123456789"), *map(ord, "+.,:-"), 0x20AC, 0x2212, 0xA0]:
            if code in table.cmap and table.cmap[code] in wide:
                table.cmap[code] = wide[table.cmap[code]]
    # The replacement character is drawn as the empty box, and must be as wide, because that is how it is measured.
    name = unicode[0].cmap.get(REPLACEMENT, "uniFFFD")
    font["glyf"][name] = copy.deepcopy(font["glyf"][".notdef"])
    font["hmtx"][name] = font["hmtx"][".notdef"]
    for table in unicode:
        table.cmap[REPLACEMENT] = name
    font.getReverseGlyphMap(rebuild=True)

    options = Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 13, 14]
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "STAT", "DSIG", "meta", "gasp"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[*CHARACTERS, REPLACEMENT])
    subsetter.subset(font)
    # PDF counts glyph widths in whole thousandths of an em: with 1,000 units to the em none is rounded.
    scale_upem(font, 1000)
    font.recalcTimestamp = False
    font.save(target)
    print(target, target.stat().st_size, "bytes,", len(font.getGlyphOrder()), "glyphs")


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    cut(sys.argv[1], here / "Inter-Regular.ttf")
    cut(sys.argv[2], here / "Inter-Bold.ttf")
