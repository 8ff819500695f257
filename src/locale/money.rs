//! Amounts: the signs of currencies, and on which side of a number they stand.

/// Where the sign of a currency stands (CLDR 48, `currencyFormats`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// €1,234.50
    Before,
    /// € 1.234,50
    BeforeApart,
    /// 1.234,50 €
    AfterApart,
}

/// It must not be left alone at the end of a line.
const GAP: char = '\u{a0}';

impl Placement {
    pub(super) fn of(language: &str, region: Option<&str>) -> Self {
        match (language, region) {
            ("de", Some("CH" | "AT" | "LI"))
            | ("it" | "rm", Some("CH"))
            | ("es", Some("AR" | "CO" | "UY" | "VE")) => Placement::BeforeApart,
            ("pt", Some("PT")) => Placement::AfterApart,
            ("nl" | "pt" | "rm", _) => Placement::BeforeApart,
            ("es", Some("MX" | "US" | "GT" | "HN" | "NI" | "PA" | "PE" | "PR" | "SV")) => Placement::Before,
            (
                "en" | "ga" | "cy" | "mt" | "tr" | "ja" | "zh" | "ko" | "th" | "hi" | "id" | "ms" | "fil"
                | "sw",
                _,
            ) => Placement::Before,
            _ => Placement::AfterApart,
        }
    }

    /// The amount with its sign; a minus stands before both, or before the number where the sign comes after it.
    pub(super) fn put(self, amount: &str, sign: &str, is_negative: bool) -> String {
        let minus = if is_negative { "−" } else { "" };
        match self {
            // letters would run into the digits
            Placement::Before if sign.ends_with(char::is_alphabetic) => format!("{minus}{sign}{GAP}{amount}"),
            Placement::Before => format!("{minus}{sign}{amount}"),
            Placement::BeforeApart => format!("{minus}{sign}{GAP}{amount}"),
            Placement::AfterApart => format!("{minus}{amount}{GAP}{sign}"),
        }
    }
}

/// The sign of a currency (ISO 4217), or its code. A dollar or a crown says little outside the countries that
/// have one, so there it is the code.
pub(super) fn sign<'a>(currency: &'a str, region: Option<&str>) -> &'a str {
    match (currency, region) {
        ("DKK", Some("DK")) => "kr.",
        ("SEK", Some("SE")) | ("NOK", Some("NO")) | ("ISK", Some("IS")) => "kr",
        ("CAD", Some("CA"))
        | ("AUD", Some("AU"))
        | ("NZD", Some("NZ"))
        | ("MXN", Some("MX"))
        | ("SGD", Some("SG")) => "$",
        ("USD", Some("CA" | "AU" | "NZ" | "MX" | "SG" | "HK")) => "US$",
        ("CNY", Some("CN")) => "¥",
        ("EUR", _) => "€",
        ("USD", _) => "$",
        ("GBP", _) => "£",
        ("JPY", _) => "¥",
        ("INR", _) => "₹",
        ("KRW", _) => "₩",
        ("ILS", _) => "₪",
        ("VND", _) => "₫",
        ("TRY", _) => "₺",
        ("UAH", _) => "₴",
        ("RUB", _) => "₽",
        ("KZT", _) => "₸",
        ("NGN", _) => "₦",
        ("PHP", _) => "₱",
        ("PLN", _) => "zł",
        ("CZK", _) => "Kč",
        ("HUF", _) => "Ft",
        ("BRL", _) => "R$",
        (code, _) => code,
    }
}

/// How many digits an amount of this currency has after the point (ISO 4217, minor units).
pub fn minor_digits(currency: &str) -> u8 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}
