"""``casparian contract`` as a person uses it: propose, check, compare."""

from __future__ import annotations

import json

from .conftest import Workplace, plain

SHOP = "day,price\n31/05/24,4.15\n01/06/24,2.40\n"
SPLIT = """\
import csv
def parse(path):
    print("reading", path)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            yield {"days": [{"day": row["day"]}], "prices": [{"price": row["price"]}]}
"""


def test_what_is_proposed_for_a_file_holds_for_it_and_not_for_other_rows(
    workplace: Workplace,
) -> None:
    workplace.write("may.csv", SHOP)
    workplace.write("june.csv", "day,price\n31/06/24,free\n01/06/24,2.40\n01/06/24,2.40\n")
    done = workplace.casparian("contract", "infer", "may.csv", "-o", "shop.toml")
    assert plain(done.stdout) == "shop.toml: 2 columns from 2 rows\n"
    assert 'formats = ["%d/%m/%y"]' in (workplace.folder / "shop.toml").read_text()
    again = workplace.casparian("contract", "infer", "may.csv", "-o", "shop.toml")
    assert again.returncode == 1
    assert "shop.toml is there already" in plain(again.stderr)
    assert workplace.casparian("contract", "check", "shop.toml", "may.csv").returncode == 0
    files = ("may.csv", "june.csv")
    done = workplace.casparian("contract", "check", "shop.toml", *files, COLUMNS="80")
    assert done.returncode == 1
    printed = plain(done.stdout)
    assert "row 1: '31/06/24' is not a date: there is no such day" in printed
    assert "1 of 2 files hold" in printed


def test_a_parsers_outputs_are_proposed_from_what_it_yields(workplace: Workplace) -> None:
    workplace.write("may.csv", SHOP)
    workplace.write("split.py", SPLIT)
    done = workplace.casparian("contract", "infer", "split.py", "may.csv", "--json")
    assert done.returncode == 0, done.stderr
    assert "reading" in done.stderr, "what the parser prints stays off the contract"
    found = json.loads(done.stdout)
    assert {output["name"]: output["rows"] for output in found["outputs"]} == {
        "days": 2,
        "prices": 2,
    }
    workplace.write("split.contract.toml", found["toml"])
    done = workplace.casparian("run", "split.py", "may.csv", "--json")
    assert json.loads(done.stdout)["status"] == "completed"


def test_files_of_other_names_are_compared_column_by_column(workplace: Workplace) -> None:
    workplace.write("old.toml", '[columns]\na = "int64"\nb = "string"\n')
    workplace.write("new.toml", '[columns]\na = { type = "int64", min = 1 }\nb = "date"\n')
    done = workplace.casparian("contract", "diff", "old.toml", "new.toml", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["verdict"] == "breaking"
    changed = [(c["column"], c["what"], c["verdict"]) for c in json.loads(done.stdout)["changes"]]
    assert changed == [("a", "min", "tightening"), ("b", "type", "breaking")]
    done = workplace.casparian("contract", "diff", "old.toml", "new.toml", "--fail-on", "breaking")
    assert done.returncode == 1


def test_a_misspelled_key_is_told_with_what_was_meant(workplace: Workplace) -> None:
    workplace.write("c.toml", '[columns]\na = { type = "int64", nulable = true }\n')
    done = workplace.casparian("contract", "check", "c.toml")
    assert done.returncode == 1
    assert "did you mean 'nullable'?" in plain(done.stderr)
