"""Grapheme clusters (UAX #29) of several code points, none of which may be cut: by what they are."""

CLUSTERS = {
    "accent": "q\u0331",
    "flag": "🇩🇪",
    "flag of tags": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "family": "👨‍👩‍👧‍👦",
    "skin": "👍🏽",
    "heart on fire": "❤️‍🔥",
    "keycap": "1️⃣",
    "Devanagari": "क्षि",
    "Bengali": "ক্ষ",
    "Telugu": "క్ష",
    "Thai": "กำ",
    "old Hangul": "\u1112\u119e\u11ab",
    "Myanmar": "\u1000\u1039\u1000",
}
