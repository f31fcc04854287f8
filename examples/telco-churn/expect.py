"""What must come of a file of customers, worked out without Masar.

    python3 expect.py sample.jsonl > sample.expected.json

The rules of workflow.json are written down here a second time, in plain Python with decimals.
"""

import json
import sys
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

HALALA = Decimal("0.01")


def halalas(amount: Decimal) -> Decimal:
    return amount.quantize(HALALA, ROUND_HALF_UP)


def with_vat(net: Decimal) -> Decimal:
    return net + halalas(net * 15 / 100)


PATHS = {
    "gone": ["review", "segment", "left"],
    "at_risk": ["review", "segment", "score", "offer", "customer", "ticket", "tell"],
    "loyal": ["review", "segment", "keep"],
    "default": ["review", "segment"],
}
TAGS = {"gone": "churned", "at_risk": "at-risk", "loyal": "loyal"}

ways, steps, tags, priorities = Counter(), Counter(), Counter(), Counter()
scores, bills, offers = 0, Decimal(0), Decimal(0)

with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        row = json.loads(line, parse_float=Decimal)
        monthly = Decimal(row["monthly_charges"])
        if row["churn"] == "Yes":
            way = "gone"
        elif row["contract"] == "Month-to-month" and monthly >= 70 and row["tenure"] <= 12:
            way = "at_risk"
        elif row["contract"] == "Two year":
            way = "loyal"
        else:
            way = "default"
        ways[way] += 1
        steps.update(PATHS[way])
        if way in TAGS:
            tags[TAGS[way]] += 1
        if way == "at_risk":
            score = 40 + (12 - row["tenure"]) * 3
            score += 10 * (row["internet_service"] == "Fiber optic")
            score += 10 * (row["payment_method"] == "Electronic check")
            score += 5 * (row["tech_support"] == "No")
            score = min(100, score)
            priorities["urgent" if score >= 90 else "high" if score >= 75 else "normal"] += 1
            scores += score
            bills += with_vat(monthly)
            offers += with_vat(halalas(monthly * Decimal("0.85")))

print(
    json.dumps(
        {
            "runs": sum(ways.values()),
            "ways": dict(sorted(ways.items())),
            "steps": dict(sorted(steps.items())),
            "contacts": dict(sorted(tags.items())),
            "tickets": dict(sorted(priorities.items())),
            "published": ways["at_risk"],
            "scores": scores,
            # In halalas, so that nothing is rounded on the way.
            "bills": int(bills * 100),
            "offers": int(offers * 100),
        },
        indent=1,
    )
)
