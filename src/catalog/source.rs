//! Where the rows of a report come from.

/// Where the queries of a report type run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Data that is part of the program.
    Sample(Sample),
}

/// Data that is part of the program, so that it can show something before anyone has connected anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A year of coffee sales in five shops. Table `sales`: `sold_at` (text, `2021-01-31T08:15`), `shop`,
    /// `product`, `size` (`S`, `M` or `L`), `quantity` (whole) and `unit_price` (euro).
    Coffee,
}

impl Sample {
    /// The rows: CSV in UTF-8 with a header line, in the order of the key.
    pub fn csv(self) -> &'static [u8] {
        match self {
            Sample::Coffee => include_bytes!("../../assets/coffee/sales-2021.csv"),
        }
    }

    /// The statement that makes the table.
    ///
    /// The table is its own index on the time: a day is one short walk, and no second copy of the
    /// times is kept. Two sales can share a minute, hence the number.
    pub fn schema(self) -> &'static str {
        match self {
            Sample::Coffee => {
                "CREATE TABLE sales (
                    number INTEGER NOT NULL,
                    sold_at TEXT NOT NULL,
                    shop TEXT NOT NULL,
                    product TEXT NOT NULL,
                    size TEXT NOT NULL,
                    quantity INTEGER NOT NULL,
                    unit_price REAL NOT NULL,
                    PRIMARY KEY (sold_at, number)
                ) STRICT, WITHOUT ROWID"
            }
        }
    }

    /// The statement that adds a row: first the number of the row, then the columns of the CSV.
    pub fn insert(self) -> &'static str {
        match self {
            Sample::Coffee => "INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?, ?)",
        }
    }
}
