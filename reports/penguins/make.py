#!/usr/bin/python3
"""Makes penguins.db out of the CSV of the PyPI package `palmerpenguins`: make.py penguins.csv"""

import csv
import pathlib
import sqlite3
import sys

path = pathlib.Path(__file__).with_name("penguins.db")
path.unlink(missing_ok=True)
database = sqlite3.connect(path)
database.execute("PRAGMA page_size = 1024")
database.execute(
    """CREATE TABLE penguin (
        id INTEGER PRIMARY KEY, species TEXT NOT NULL, island TEXT NOT NULL, bill_length_mm REAL, bill_depth_mm REAL,
        flipper_length_mm INTEGER, body_mass_g INTEGER, sex TEXT, year INTEGER NOT NULL)"""
)
with open(sys.argv[1], newline="") as file:
    for row in csv.DictReader(file):
        values = [None if value in ("", "NA") else value for value in row.values()]
        database.execute("INSERT INTO penguin VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", values)
database.commit()
database.execute("VACUUM")
