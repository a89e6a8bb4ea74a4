"""The smallest parser there is: no contract, no class, just a frame.

Try: casparian run demo/first_parser.py demo/data/sales_2024_01.csv
"""

import pandas as pd


def parse(path):
    return pd.read_csv(path)
