//! How values come out, against what CLDR says.

use super::*;

const MONEY: Format = Format::Money { digits: 2 };

fn locale(tag: &str) -> Locale {
    Locale::new(tag).unwrap()
}

#[test]
fn numbers_amounts_and_shares_are_written_as_in_this_table() {
    // 1234567.891 with two digits, 1234.5 with one, −1234.5 euro, 12.5 percent; ~ is a no-break space, _ a narrow one
    let table = [
        ("en-GB", "1,234,567.89", "1,234.5", "−€1,234.50", "12.5%"),
        ("en-US", "1,234,567.89", "1,234.5", "−€1,234.50", "12.5%"),
        ("de-DE", "1.234.567,89", "1.234,5", "−1.234,50~€", "12,5~%"),
        ("de-CH", "1'234'567.89", "1'234.5", "−€~1'234.50", "12.5%"),
        ("de-AT", "1~234~567,89", "1~234,5", "−€~1~234,50", "12,5~%"),
        ("fr-FR", "1_234_567,89", "1_234,5", "−1_234,50~€", "12,5~%"),
        ("es-ES", "1.234.567,89", "1234,5", "−1234,50~€", "12,5~%"),
        ("pt-BR", "1.234.567,89", "1.234,5", "−€~1.234,50", "12,5%"),
        ("pt-PT", "1~234~567,89", "1234,5", "−1234,50~€", "12,5%"),
        ("it", "1.234.567,89", "1234,5", "−1234,50~€", "12,5%"),
        ("nl", "1.234.567,89", "1.234,5", "−€~1.234,50", "12,5%"),
        ("pl", "1~234~567,89", "1234,5", "−1234,50~€", "12,5%"),
        ("cs", "1~234~567,89", "1~234,5", "−1~234,50~€", "12,5~%"),
        ("el", "1.234.567,89", "1.234,5", "−1.234,50~€", "12,5%"),
        ("bg", "1~234~567,89", "1234,5", "−1234,50~€", "12,5%"),
        ("ru", "1~234~567,89", "1~234,5", "−1~234,50~€", "12,5~%"),
        ("ja", "1,234,567.89", "1,234.5", "−€1,234.50", "12.5%"),
        ("en-IN", "12,34,567.89", "1,234.5", "−€1,234.50", "12.5%"),
        ("fa", "1,234,567.89", "1,234.5", "−1,234.50~€", "12.5%"),
    ];
    for (tag, long, short, amount, share) in table {
        let locale = locale(tag);
        let found = [
            locale.number(1_234_567.891, 2),
            locale.number(1234.5, 1),
            locale.money(-1234.5, 2, "EUR"),
            locale.percent(12.5, 1),
        ];
        let expected =
            [long, short, amount, share].map(|text| text.replace('~', "\u{a0}").replace('_', "\u{202f}"));
        assert_eq!(found, expected, "{tag}");
    }
}

#[test]
fn days_are_written_as_in_this_table() {
    let day = jiff::civil::date(2021, 1, 31);
    let table = [
        ("en-GB", "31/01/2021", "31 Jan 2021", "31 January 2021", "Sunday, 31 January 2021", "January 2021"),
        (
            "en-US",
            "1/31/2021",
            "Jan 31, 2021",
            "January 31, 2021",
            "Sunday, January 31, 2021",
            "January 2021",
        ),
        ("de-DE", "31.01.2021", "31.01.2021", "31. Januar 2021", "Sonntag, 31. Januar 2021", "Januar 2021"),
        (
            "fr-FR",
            "31/01/2021",
            "31 janv. 2021",
            "31 janvier 2021",
            "dimanche 31 janvier 2021",
            "janvier 2021",
        ),
        (
            "pl",
            "31.01.2021",
            "31 sty 2021",
            "31 stycznia 2021",
            "niedziela, 31 stycznia 2021",
            "styczeń 2021",
        ),
        (
            "el",
            "31/1/2021",
            "31 Ιαν 2021",
            "31 Ιανουαρίου 2021",
            "Κυριακή 31 Ιανουαρίου 2021",
            "Ιανουάριος 2021",
        ),
    ];
    for (tag, short, medium, long, full, month) in table {
        let locale = locale(tag);
        let styles =
            [DateStyle::Short, DateStyle::Medium, DateStyle::Long, DateStyle::Full, DateStyle::Month];
        let found = styles.map(|style| locale.date(day, style));
        assert_eq!(found, [short, medium, long, full, month], "{tag}");
        assert_eq!(locale.date(day, DateStyle::Iso), "2021-01-31");
    }
}

#[test]
fn cells_are_written_as_their_format_says() {
    let english = locale("en-GB");
    let text = |text: &str| Cell::Text(text.into());
    let date = Format::Date { style: DateStyle::Medium };
    let time = Format::DateTime { style: DateStyle::Medium };
    let table = [
        (Cell::Integer(0), Format::Integer, None, "0"),
        (Cell::Integer(1_234_567), Format::Integer, None, "1,234,567"),
        (Cell::Integer(-999), Format::Integer, None, "−999"),
        (Cell::Decimal(4.3), Format::Integer, None, "4.3"),
        (Cell::Integer(2021), Format::Text, None, "2021"),
        (Cell::Decimal(2021.0), Format::Text, None, "2021"),
        (Cell::Integer(-5), Format::Text, None, "−5"),
        (Cell::Decimal(2.25), Format::Text, None, "2.25"),
        (Cell::Decimal(0.125), Format::Percent { digits: 2 }, None, "0.13%"),
        (Cell::Decimal(f64::NEG_INFINITY), MONEY, Some("EUR"), "−…"),
        (Cell::Decimal(f64::NAN), MONEY, Some("EUR"), "–"),
        (Cell::Decimal(1234.5), MONEY, Some("EUR"), "€1,234.50"),
        (Cell::Decimal(-0.5), MONEY, Some("EUR"), "−€0.50"),
        (Cell::Decimal(-0.001), MONEY, Some("EUR"), "€0.00"),
        (Cell::Decimal(99.999), MONEY, Some("CHF"), "CHF\u{a0}100.00"),
        (Cell::Decimal(12.0), MONEY, None, "12.00"),
        (Cell::Decimal(-0.01), Format::Decimal { digits: 1 }, None, "0.0"),
        (Cell::Decimal(f64::NAN), MONEY, None, "–"),
        (Cell::Decimal(1e300), Format::Integer, None, "1.000 × 10^300"),
        (text("Αθήνα"), Format::Text, None, "Αθήνα"),
        (text("2021-01-31"), date, None, "31 Jan 2021"),
        (text("2021-01-31T08:15:00"), date, None, "31 Jan 2021"),
        (text("2021-01-31 08:15"), time, None, "31 Jan 2021, 08:15"),
        (text("soon"), date, None, "soon"),
        (Cell::Link { text: "a".into(), href: "https://example.org".into() }, Format::Text, None, "a"),
        (Cell::Nothing, MONEY, Some("EUR"), "–"),
    ];
    for (value, format, currency, expected) in table {
        assert_eq!(english.cell(&value, format, currency), expected, "{value:?}");
    }
}

#[test]
fn a_tag_that_names_no_language_is_refused_and_an_unknown_region_is_not() {
    for tag in ["", "xx", "english", "en-UK", "de_DE_", "🦀", "qaa-DE"] {
        let error = Locale::new(tag).unwrap_err().to_string();
        assert!(error.contains("as in en-GB"), "{error}");
    }
    assert_eq!(locale("de-ZZ").number(1234.5, 1), "1.234,5");
    assert_eq!(locale("de").words().page_of(2, 5), "Seite 2 von 5");
    assert_eq!(locale("ja").words().page_of(2, 5), "Page 2 of 5");
}
