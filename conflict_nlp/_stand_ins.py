"""Names that stand in for others: of the same kind and form, in the words of agencies.

A sentence in which they take the place of its actors reads the same whoever the actors are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from conflict_nlp._unnamed import agreement
from conflict_nlp.actors import Actor

__all__ = ["stand_ins"]

Key = tuple[str, str]

# Of the forms that news use most: the first is for the first such actor of a sentence, and so on.
_CHOSEN: dict[Key, str] = {
    ("armed_group", "الجماعات"): "الجماعات المسلحة|الجماعات الجهادية",
    ("armed_group", "الجيش"): "الجيش السوري الحر|الجيش الوطني السوري",
    ("armed_group", "الفصائل"): "الفصائل المسلحة|الفصائل الفلسطينية",
    ("armed_group", "الميليشيات"): "الميليشيات الحوثية|الميليشيات الكردية السورية",
    ("armed_group", "تنظيم"): "تنظيم القاعدة|تنظيم داعش",
    ("armed_group", "جبهة"): "جبهة النصرة|جبهة ثوار سوريا",
    ("armed_group", "جماعة"): "جماعة أنصار الله|جماعة أنصار الإسلام",
    ("armed_group", "حركة"): "حركة حماس|حركة الجهاد الإسلامي",
    ("armed_group", "حزب"): "حزب الله|حزب العمال الكردستاني",
    ("armed_group", "عناصر"): "عناصر القاعدة|عناصر داعش",
    ("armed_group", "قوات"): "قوات المعارضة|قوات سوريا الديمقراطية",
    ("armed_group", "كتائب"): "كتائب القسام|كتائب الفاروق",
    ("armed_group", "ميليشيات"): "ميليشيات الحوثي|ميليشيات كردية",
    ("coalition", "التحالف"): "التحالف الدولي|التحالف العربي",
    ("coalition", "الدول"): "الدول العربية|الدول الغربية",
    ("coalition", "قوات"): "قوات التحالف الدولي|قوات التحالف العربي",
    ("court", "المحكمة"): "المحكمة الجنائية الدولية|المحكمة الدستورية العليا",
    ("court", "محكمة"): "محكمة العدل الدولية|محكمة الجنايات",
    ("government", "الحكومة"): "الحكومة السورية|الحكومة اليمنية",
    ("government", "السلطات"): "السلطات السورية|السلطات اليمنية",
    ("government", "السلطة"): "السلطة الفلسطينية|السلطة السورية",
    ("government", "النظام"): "النظام السوري|النظام اليمني",
    ("government", "حكومة"): "حكومة الوفاق الوطني|حكومة إقليم كردستان",
    ("government", "سلطات"): "سلطات إقليم كردستان",
    ("international_org", "قوات"): "قوات حفظ السلام|قوات الأمم المتحدة",
    ("international_org", "مجلس"): "مجلس الأمن|مجلس أوروبا",
    ("international_org", "منظمة"): "منظمة الصحة العالمية|منظمة التعاون الإسلامي",
    ("leader", "رئيس"): "رئيس الوزراء العراقي|رئيس الوزراء اللبناني",
    ("militia", "الحشد"): "الحشد الشعبي|الحشد العشائري",
    ("militia", "المقاومة"): "المقاومة الشعبية|المقاومة السورية",
    ("militia", "الميليشيات"): "الميليشيات السورية|الميليشيات الشيعية",
    ("militia", "قوات"): "قوات الدفاع الوطني|قوات الحشد الشعبي",
    ("military", "الجنود"): "الجنود السوريون|الجنود الروس",
    ("military", "الجيش"): "الجيش السوري|الجيش العراقي|الجيش المصري",
    ("military", "الحرس"): "الحرس الجمهوري|الحرس الوطني",
    ("military", "الطائرات"): "الطائرات السورية|الطائرات الروسية",
    ("military", "الطيران"): "الطيران السوري|الطيران الروسي",
    ("military", "القوات"): "القوات السورية|القوات العراقية|القوات المصرية",
    ("military", "جنود"): "جنود الجيش",
    ("military", "جيش"): "جيش سوريا|جيش العراق",
    ("military", "طائرات"): "طائرات سورية|طائرات روسية",
    ("military", "عناصر"): "عناصر الجيش السوري|عناصر الجيش اللبناني",
    ("military", "قوات"): "قوات الجيش السوري|قوات الجيش العراقي",
    ("military", "وزارة"): "وزارة الدفاع السورية|وزارة الدفاع العراقية",
    ("party", "حركة"): "حركة فتح|حركة أمل",
    ("party", "حزب"): "حزب البعث|حزب المؤتمر الشعبي العام",
    ("police", "الشرطة"): "الشرطة السورية|الشرطة العراقية",
    ("police", "القوات"): "القوات الأمنية السورية|القوات الأمنية العراقية",
    ("police", "قوات"): "قوات الأمن السورية|قوات الأمن العراقية",
    ("state", "الجانب"): "الجانب العراقي|الجانب التركي",
    ("state", "الحكومة"): "الحكومة العراقية|الحكومة اللبنانية|الحكومة التركية",
    ("state", "الدولة"): "الدولة العراقية|الدولة اللبنانية",
    ("state", "السلطات"): "السلطات العراقية|السلطات اللبنانية|السلطات التركية",
    ("state", "المملكة"): "المملكة المغربية|المملكة الأردنية",
    ("state", "حكومة"): "حكومة بغداد|حكومة أنقرة",
    ("state", "feminine"): "سوريا|تركيا|مصر|روسيا",
    ("state", "masculine"): "العراق|لبنان|السودان",
}

# Names that take sides stand in for nobody.
_LOADED = re.compile(
    "الأسد|أسدي|بشار|نصيري|صهيون|صهاين|كيان|عصاب|مرتزق|[إا]رهاب|متطرف|متشدد|انقلاب|متمرد|مخلوع|بائد"
    "|هارب|شيطان|اللات|احتلال|غاصب|مجوس|روافض|صفوي|خوارج|بلطج|شبيح|كيماوي"
)


def stand_ins(actors: Iterable[Actor]) -> dict[Key, tuple[str, ...]]:
    """For each class of names that agree alike, the names that stand in for them, in order.

    Args:
        actors: of the lexicon; classes that none is chosen for take the first name each of their
            first actors.
    """
    found: dict[Key, list[str]] = {}
    for actor in actors:
        named: set[Key] = set()
        for alias in actor.aliases:
            key = agreement(actor, alias)
            if key is None or key in named or alias.endswith("?") or _LOADED.search(alias):
                continue
            named.add(key)
            found.setdefault(key, []).append(alias)
    rest = {key: tuple(names[:4]) for key, names in found.items()}
    return rest | {key: tuple(names.split("|")) for key, names in _CHOSEN.items()}
