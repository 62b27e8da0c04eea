"""The words that phrases about actors are made of, beyond the names in the lexicon.

Edit freely: forms are folded when read, nominative and oblique are one, and the article is added
where it can stand. Nouns are listed in all their numbers, adjectives by their masculine singular.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from conflict_nlp._actor_fold import fold

__all__ = ["Phrases", "phrases"]

HEADS = {
    "military": (
        "قوات قوة جيش جيوش طيران طائرات طائرة مقاتلات مروحيات مروحية دبابات مدفعية بحرية جنود "
        "جندي جنديان ضباط عسكريون وحدات لواء ألوية كتيبة فرقة سلاح أركان حرس بوارج زوارق "
        "آليات مدرعات قطعات قاذفات سفن مدمرات جنرالات"
    ),
    "government": (
        "حكومة سلطات سلطة نظام إدارة رئاسة وزارة خارجية داخلية دفاع خزانة نواب برلمان قيادة قيادات "
        "جانب طرف وفد مسؤولون قادة قضاء نيابة كونغرس كونجرس كنيست دبلوماسية دبلوماسيون ساسة "
        "مخابرات استخبارات مؤسسة"
    ),
    "police": "شرطة أمن شرطي أجهزة",
    "leader": (
        "رئيس رئيسة ملك أمير وزير وزيرة وزراء سفير سفيرة مندوب مبعوث ممثل زعيم مرشد عاهل قائد "
        "مستشار مستشارة متحدث ناطق نائب سلطان أمين قيادي شيخ سيد عقيد عميد فريق مشير خليفة"
    ),
    "militia": "ميليشيا ميليشيات مليشيا مليشيات ميلشيا ميلشيات مرتزقة عصابات عصابة لجان",
    "armed_group": (
        "تنظيم تنظيمات جماعة جماعات مجموعة مجموعات مجاميع حركة حركات جبهة فصيل فصائل كتائب سرايا "
        "مسلحون مسلح مقاتلون مقاتل متمردون متمرد عناصر عنصر إرهابيون إرهابي متطرفون متشددون "
        "تكفيريون جهاديون مجاهدون انفصاليون مخربون خلايا خلية شبكة شبكات مقاومة رجال أنصار أتباع "
        "فلول مستوطنون مستوطن قبائل عشائر"
    ),
    "opposition": "معارضة معارضون ثوار نشطاء منشقون",
    "party": "حزب أحزاب كتلة تيار ائتلاف تحالف تحالفات قوى دول محور",
    "other": "منظمة منظمات هيئة جمعية مجلس لجنة كيان شركة مؤسسات",
}
"""Nouns that begin a phrase, by the kind of actor that the phrase names."""

ADJECTIVES = (
    "مسلح إرهابي متطرف متشدد متمرد انقلابي تكفيري إجرامي طائفي شيعي سني إسلامي إسلاموي جهادي "
    "مقاتل معارض مناوئ معتدل حكومي نظامي أمني عسكري حربي جوي بري بحري مروحي خاص وطني شعبي شرعي "
    "مركزي اتحادي محلي أجنبي غربي دولي عربي مشترك متحالف ثوري انفصالي مارق غاشم غاصب "
    "مجرم قاتل باسل سابق مخلوع راحل حالي جديد منتخب مؤقت انتقالي حاكم سياسي ديني قومي كبير "
    "جنوبي شمالي خليجي أوروبي أممي قبلي عشائري يهودي مجهول خارجي صفوي فارسي نصيري عميل "
    "متعصب استيطاني استعماري ضال مزعوم باغ ظالم دموي وحشي همجي فاشي نازي عنصري بربري مدني"
)
"""Adjectives that belong to the phrase without saying who it is."""

NOT_ADJECTIVES = (
    "قرية ناحية قضية عملية بلدية مديرية هوية حرية اتفاقية مسؤولية أغلبية أكثرية كلية جنسية شرعية "
    "نهاية بداية وادي أراضي مباني ماضي أهالي نادي قاضي ضواحي أعالي نواحي تالي ثاني موالي شواطئ "
    "مبادئ ناشئ لاجئ طوارئ"
)
"""Nouns and others in -i and -iya, which are otherwise taken for adjectives after a noun."""

LINKS = (
    "موالية موالي موالون تابعة تابع تابعون مؤيدة مؤيد مؤيدون مدعومة مدعوم مدعومون متحالفة متحالف "
    "متحالفون مناصرة مناصر مناصرون مرتبطة مرتبط مرتبطون مناهضة مناهض مناهضون خاضعة بقيادة بزعامة"
)
"""Words that tie a phrase to the name after them: الموالية للرئيس هادي."""

COUNTRY_ADJECTIVES = {
    "IRQ": "عراقي", "SYR": "سوري", "YEM": "يمني", "LBY": "ليبي", "PSE": "فلسطيني",
    "ISR": "إسرائيلي صهيوني عبري", "LBN": "لبناني", "JOR": "أردني", "EGY": "مصري",
    "SDN": "سوداني", "SOM": "صومالي", "ETH": "إثيوبي أثيوبي", "ERI": "إريتري أرتيري",
    "DJI": "جيبوتي", "COM": "قمري", "DZA": "جزائري", "TUN": "تونسي", "MAR": "مغربي",
    "MRT": "موريتاني", "NER": "نيجري", "NGA": "نيجيري", "TCD": "تشادي",
    "BFA": "بوركيني", "COD": "كونغولي كونجولي", "RWA": "رواندي", "BDI": "بوروندي",
    "UGA": "أوغندي", "KEN": "كيني", "TZA": "تنزاني", "MOZ": "موزمبيقي", "CIV": "إيفواري عاجي",
    "SEN": "سنغالي", "GIN": "غيني", "GHA": "غاني", "CMR": "كاميروني", "GAB": "غابوني",
    "TGO": "توغولي", "GMB": "غامبي", "AGO": "أنغولي", "SAU": "سعودي", "ARE": "إماراتي",
    "QAT": "قطري", "KWT": "كويتي", "BHR": "بحريني", "OMN": "عماني", "IRN": "إيراني",
    "TUR": "تركي", "AFG": "أفغاني", "PAK": "باكستاني", "USA": "أمريكي أميركي امريكاني",
    "RUS": "روسي سوفيتي سوفياتي سوفييتي", "UKR": "أوكراني", "GBR": "بريطاني إنجليزي إنكليزي",
    "FRA": "فرنسي", "DEU": "ألماني", "ITA": "إيطالي", "ESP": "إسباني", "PRT": "برتغالي",
    "GRC": "يوناني", "CYP": "قبرصي", "NLD": "هولندي", "BEL": "بلجيكي", "CHE": "سويسري",
    "AUT": "نمساوي", "SWE": "سويدي", "NOR": "نرويجي", "DNK": "دنماركي دانماركي",
    "FIN": "فنلندي", "IRL": "أيرلندي إيرلندي", "POL": "بولندي", "HUN": "مجري", "CZE": "تشيكي",
    "ROU": "روماني", "BGR": "بلغاري", "SRB": "صربي", "XKX": "كوسوفي", "BIH": "بوسني",
    "MKD": "مقدوني", "HRV": "كرواتي", "ALB": "ألباني", "BLR": "بيلاروسي", "MDA": "مولدوفي",
    "LTU": "ليتواني", "GEO": "جورجي", "ARM": "أرميني أرمني", "AZE": "أذربيجاني أذري",
    "KAZ": "كازاخستاني", "UZB": "أوزبكي", "TJK": "طاجيكي", "KGZ": "قرغيزي",
    "TKM": "تركمانستاني", "CHN": "صيني", "TWN": "تايواني", "JPN": "ياباني", "IND": "هندي",
    "BGD": "بنغلاديشي", "LKA": "سريلانكي", "NPL": "نيبالي", "MMR": "بورمي ميانماري",
    "THA": "تايلاندي تايلندي", "KHM": "كمبودي", "VNM": "فيتنامي", "PHL": "فلبيني فيليبيني",
    "IDN": "إندونيسي", "MYS": "ماليزي", "SGP": "سنغافوري", "AUS": "أسترالي", "NZL": "نيوزيلندي",
    "CAN": "كندي", "MEX": "مكسيكي", "VEN": "فنزويلي", "COL": "كولومبي", "CUB": "كوبي",
    "BRA": "برازيلي", "ARG": "أرجنتيني", "CHL": "تشيلي", "BOL": "بوليفي", "ECU": "إكوادوري",
    "PER": "بيروفي", "NIC": "نيكاراغوي", "HTI": "هايتي", "MDG": "مدغشقري", "SLE": "سيراليوني",
}  # fmt: skip
"""Adjectives of a country, masculine singular, by its ISO code."""

PEOPLES = {
    "USA": "أمريكان أميركان", "TUR": "أتراك ترك", "RUS": "روس", "GBR": "إنجليز إنكليز",
    "IRN": "فرس", "SRB": "صرب", "AFG": "أفغان", "DEU": "ألمان", "IND": "هنود",
    "UZB": "أوزبك",
}  # fmt: skip
"""Plurals that are not formed from the adjective."""

PEOPLE = "جنود ضباط جنرالات رجال عناصر قادة فلول أنصار أتباع ثوار نشطاء ساسة وزراء مرتزقة أكراد كرد"
"""Nouns for several people; plurals in -un are known without."""

NAME_ADJECTIVES = {
    "yemen_houthis": "حوثي",
    "kurdish_forces": "كردي أكراد كرد",
    "syrian_regime": "أسدي",
    "isis": "داعشي دواعش",
    "palestine_qassam_brigades": "قسامي قسام",
}
"""Adjectives made from the name of an actor of the lexicon, by its identifier."""

NAMING = (
    "حزب حركة تنظيم جماعة جبهة كتائب كتيبة لواء سرايا تيار ميليشيا ميليشيات مليشيا مليشيات "
    "عصابة عصابات فصيل مقاتلو مسلحو متمردو قوى قوات فرقة فيلق ثوار"
)
"""Nouns after which a quoted or a definite word is a name, though no lexicon has it."""

PLACES = (
    "في وفي شمال جنوب شرق غرب شمالي جنوبي شرقي غربي وسط داخل خارج ريف العاصمة أنحاء مدينة بلاد "
    "أرض أراضي الأراضي مناطق منطقة حدود الحدود سكان شباب مطار قرب حول مؤتمر ومقره صحيفة حرب "
    "بريف بشمال بجنوب بشرق بغرب كردستان تحرير استقرار سيادة زيارة زيارته"
)
"""Words before a country or capital that make it a place."""

EVIDENCE = "أن بأن فأن لأن وأن كان وكان بين ضد على اتهام واتهم اتهم موقف قيام تورط دعم انسحاب"
"""Words before a weak name that make it an actor, as does a verb in the feminine (اتهمت …)."""

SAID = (
    "قال وقال قالت وقالت أضاف وأضاف أضافت وأضافت ذكر وذكر ذكرت وذكرت أوضح وأوضح أفاد وأفاد "
    "أفادت وأفادت تابع وتابع يقول ويقول بحسب وبحسب حسب وفق وفقا"
)
"""Words before somebody who is only a source."""


def _set(words: str) -> frozenset[str]:
    return frozenset(fold(words).split())


def _nouns(words: str) -> frozenset[str]:
    """Nouns, bare and with the article, and sound plurals as they stand before a name."""
    bare = _set(words)
    bare |= {word[:-1] for word in bare if word.endswith("ين")}
    return bare | {"ال" + word for word in bare}


def _adjectives(words: str) -> frozenset[str]:
    bare = {word + end for word in _set(words) for end in ("", "ه", "ين", "ان", "ات")}
    return frozenset(bare | {"ال" + word for word in bare})


class Phrases(NamedTuple):
    """The tables, folded."""

    heads: Mapping[str, str]
    plain: frozenset[str]
    whose: Mapping[str, str]
    nouns: frozenset[str]
    people: frozenset[str]
    links: frozenset[str]
    naming: frozenset[str]
    places: frozenset[str]
    evidence: frozenset[str]
    said: frozenset[str]


@cache
def phrases() -> Phrases:
    whose = {
        form: key
        for table in (COUNTRY_ADJECTIVES, NAME_ADJECTIVES)
        for key, stems in table.items()
        for form in _adjectives(stems)
    }
    whose |= {form: key for key, plurals in PEOPLES.items() for form in _nouns(plurals)}
    return Phrases(
        heads={form: kind for kind, nouns in HEADS.items() for form in _nouns(nouns)},
        plain=_adjectives(ADJECTIVES),
        whose=whose,
        nouns=_nouns(NOT_ADJECTIVES),
        people=_nouns(" ".join((PEOPLE, *PEOPLES.values()))),
        links=_nouns(LINKS),
        naming=_set(NAMING),
        places=_set(PLACES),
        evidence=_set(EVIDENCE),
        said=_set(SAID),
    )
