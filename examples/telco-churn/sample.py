"""Makes sample.jsonl: 40 customers that nobody is, in the shape of the public table.

Every value is drawn from a seed; nothing is taken from the table but the names of its columns
and the words that it uses. Run it again and the file is the same.
"""

import json
import random
from pathlib import Path

chance = random.Random(12)


def customer(number: int) -> dict:
    contract = chance.choice(["Month-to-month"] * 5 + ["One year"] * 2 + ["Two year"] * 2)
    internet = chance.choice(["Fiber optic"] * 3 + ["DSL", "No"])
    tenure = chance.randint(1, 16) if contract == "Month-to-month" else chance.randint(13, 72)
    monthly = chance.randrange(*{"Fiber optic": (6800, 11800), "DSL": (2500, 8500), "No": (1850, 2600)}[internet], 5)

    def extra() -> str:
        return "No internet service" if internet == "No" else chance.choice(["Yes", "No"])

    return {
        "rownames": number,
        "churn": chance.choice(["No"] * 4 + ["Yes"]),
        "female": chance.randint(0, 1),
        "senior_citizen": chance.choice([0, 0, 0, 1]),
        "partner": chance.randint(0, 1),
        "dependents": chance.randint(0, 1),
        "tenure": tenure,
        "phone_service": 1,
        "multiple_lines": chance.choice(["Yes", "No"]),
        "internet_service": internet,
        "online_security": extra(),
        "online_backup": extra(),
        "device_protection": extra(),
        "tech_support": extra(),
        "streaming_tv": extra(),
        "streaming_movies": extra(),
        "contract": contract,
        "paperless_billing": chance.randint(0, 1),
        "payment_method": chance.choice(
            ["Electronic check"] * 2 + ["Mailed check", "Bank transfer (automatic)", "Credit card (automatic)"]
        ),
        "monthly_charges": monthly / 100,
        # As in the table, who has just come has no total yet.
        "total_charges": None if number == 40 else monthly * tenure / 100,
    }


rows = [customer(number) for number in range(1, 41)]
text = "".join(json.dumps(row) + "\n" for row in rows)
Path(__file__).with_name("sample.jsonl").write_text(text, encoding="utf-8")
