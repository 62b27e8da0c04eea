"""Write the training splits of public stance benchmarks as auxiliary training data.

    python training/stance_benchmarks.py --benchmarks ../shared/data/benchmarks \\
        --output artifacts/stance_benchmarks.jsonl --rows 3000

Their targets are topics that the posts seldom name, so they train the second-segment pass. Only
``train`` rows are read. The output holds the posts' text and must not be published.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random

# Names of the topics, in the language of the posts.
TOPICS = {
    "Covid Vaccine": "لقاح كورونا",
    "Women empowerment": "تمكين المرأة",
    "Digital Transformation": "التحول الرقمي",
    "update_curricula": "تحديث المناهج الدراسية",
    "sexual_education_fully": "تدريس الثقافة الجنسية",
    "military_conscription": "التجنيد الإلزامي",
    "vaccine_booster_dose": "الجرعة التنشيطية من اللقاح",
    "women_driving": "قيادة المرأة للسيارة",
    "fix_domestic_tourism": "السياحة الداخلية",
    "coexistence_with_religions": "التعايش مع أتباع الأديان الأخرى",
    "Vaccine": "لقاح كورونا",
    "online_learning": "التعليم عن بعد",
    "Neom": "مشروع نيوم",
    "Aramco": "شركة أرامكو",
    "Qiddiya": "مشروع القدية",
    "chineese": "تدريس اللغة الصينية",
    "mosques_speakers": "تقييد مكبرات الصوت في المساجد",
    "multi_mariage": "تعدد الزوجات",
    "Faisal_bin_Turkis_resignation": "استقالة فيصل بن تركي",
    "Abdulaziz_bin_Turki_Head_of_Sports": "رئاسة عبد العزيز بن تركي لهيئة الرياضة",
}
NAMES = ("mawqif", "arabicstancex")
STANCES = {"favor": "favor", "against": "against", "none": "none"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmarks", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--name", choices=NAMES, nargs="+", default=NAMES, help="which of them")
    parser.add_argument("--rows", type=int, default=3000, help="rows of each benchmark at most")
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    lines = []
    for name in args.name:
        path = args.benchmarks / name / "data.jsonl"
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        kept = [row for row in rows if row["split"] == "train"]
        for row in chance.sample(kept, min(args.rows, len(kept))):
            target = {"text": TOPICS[row["target"]], "stance": STANCES[row["label"].lower()]}
            example = {"id": f"{name}:{row['source_id']}", "text": row["text"], "targets": [target]}
            lines.append(json.dumps(example, ensure_ascii=False))
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} rows in {args.output}")


if __name__ == "__main__":
    main()
