#!/usr/bin/python3
"""Makes sales-2021.csv, a year of invented coffee sales. The same text every time: run it and compare.

Five shops, ten products. What sells depends on the hour (a rush at eight, a second one after lunch), the weekday
(Saturday is best, most shops are half empty on Sunday), the season (cold drinks in summer, hot ones in winter) and
the slow growth of the year. All shops are closed on 25 December: a day without sales is part of the sample.
"""

import datetime
import pathlib
import random

SHOPS = {"Αθήνα": 1.15, "København": 1.05, "Kraków": 0.80, "София": 0.75, "Zürich": 1.25}
# Prices differ from town to town.
PRICES = {"Αθήνα": 0.90, "København": 1.30, "Kraków": 0.80, "София": 0.65, "Zürich": 1.45}
# Product: price of a small one in euro, how often it is asked for, and how much more often in high summer.
PRODUCTS = {
    "Caffè latte": (3.40, 14, 0.85), "Cappuccino": (3.20, 18, 0.85), "Chai latte": (3.60, 4, 0.80),
    "Cold brew": (3.80, 6, 3.00), "Doppio": (2.60, 7, 1.00), "Espresso": (2.00, 16, 1.00),
    "Filter coffee": (2.40, 11, 0.80), "Flat white": (3.50, 13, 0.95), "Freddo espresso": (3.10, 6, 3.20),
    "Hot chocolate": (3.30, 5, 0.35),
}
SIZES = {"S": 40, "M": 40, "L": 20}
DEARER = {"S": 1.00, "M": 1.15, "L": 1.30}
HOURS = {7: 6, 8: 14, 9: 12, 10: 9, 11: 7, 12: 8, 13: 10, 14: 9, 15: 8, 16: 7, 17: 5, 18: 3, 19: 2}
WEEKDAYS = [1.00, 1.00, 1.05, 1.05, 1.15, 1.25, 0.60]
CLOSED = {datetime.date(2021, 12, 25)}
PER_SHOP_AND_DAY = 10.5


def one_of(choice, weights):
    return choice.choices(list(weights), list(weights.values()))[0]


def sales_of(choice, day):
    summer = max(0.0, 1 - abs((day - datetime.date(2021, 7, 20)).days) / 100)
    growth = 0.92 + 0.16 * day.timetuple().tm_yday / 365
    products = {name: often * (1 + (more - 1) * summer) for name, (_, often, more) in PRODUCTS.items()}
    for shop, busy in SHOPS.items():
        expected = PER_SHOP_AND_DAY * busy * WEEKDAYS[day.weekday()] * growth
        for _ in range(max(1, round(choice.gauss(expected, expected**0.5)))):
            product = one_of(choice, products)
            size = one_of(choice, SIZES)
            hour, minute = one_of(choice, HOURS), choice.randrange(60)
            quantity = one_of(choice, {1: 72, 2: 21, 3: 5, 4: 2})
            # Prices end in a nought or a five, as they do on a board above a counter.
            price = round(PRODUCTS[product][0] * DEARER[size] * PRICES[shop] * 20) / 20
            yield f"{day}T{hour:02}:{minute:02}", shop, product, size, str(quantity), f"{price:.2f}"


def main():
    choice = random.Random(2021)
    days = (datetime.date(2021, 1, 1) + datetime.timedelta(n) for n in range(365))
    rows = [row for day in days if day not in CLOSED for row in sorted(sales_of(choice, day))]
    target = pathlib.Path(__file__).with_name("sales-2021.csv")
    lines = ["sold_at,shop,product,size,quantity,unit_price", *(",".join(row) for row in rows)]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(target.name, len(rows), "rows,", target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
