//! The few words that a page has of its own.

/// The words of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// The number of a page: `{page}` and `{pages}` stand in it.
    page: &'static str,
    /// Stands before the day on which a report was asked for.
    pub created: &'static str,
    /// What a column or a row adds up to.
    pub total: &'static str,
    /// Stands behind the title of a group that goes on after a page break.
    pub continued: &'static str,
    /// The value of what is so.
    pub yes: &'static str,
    /// The value of what is not.
    pub no: &'static str,
    others: &'static str,
    amounts: &'static str,
}

impl Words {
    /// The words of a language; English where there are none.
    pub(super) fn of(language: &str) -> &'static Self {
        let found = WORDS.iter().find(|(name, _)| *name == language);
        found.map_or(&WORDS[0].1, |(_, words)| words)
    }

    /// As in “Page 2 of 5”.
    pub fn page_of(&self, page: usize, pages: usize) -> String {
        self.page.replace("{page}", &page.to_string()).replace("{pages}", &pages.to_string())
    }
}

impl Words {
    /// As in “12 others”.
    pub fn others(&self, count: usize) -> String {
        self.others.replace("{count}", &count.to_string())
    }

    /// As in “amounts in EUR”.
    pub fn amounts_in(&self, currency: &str) -> String {
        self.amounts.replace("{currency}", currency)
    }
}

/// In the order of the members of [`Words`].
const fn words(texts: [&'static str; 8]) -> Words {
    let [page, created, total, continued, yes, no, others, amounts] = texts;
    Words { page, created, total, continued, yes, no, others, amounts }
}

#[rustfmt::skip]
const WORDS: [(&str, Words); 21] = [
    ("en", words(["Page {page} of {pages}", "Created", "Total", "continued", "yes", "no", "{count} others", "amounts in {currency}"])),
    ("de", words(["Seite {page} von {pages}", "Erstellt am", "Summe", "Fortsetzung", "ja", "nein", "{count} weitere", "Beträge in {currency}"])),
    ("fr", words(["Page {page} sur {pages}", "Créé le", "Total", "suite", "oui", "non", "{count} autres", "montants en {currency}"])),
    ("es", words(["Página {page} de {pages}", "Creado el", "Total", "continuación", "sí", "no", "{count} otros", "importes en {currency}"])),
    ("it", words(["Pagina {page} di {pages}", "Creato il", "Totale", "continua", "sì", "no", "{count} altri", "importi in {currency}"])),
    ("pt", words(["Página {page} de {pages}", "Criado em", "Total", "continuação", "sim", "não", "{count} outros", "valores em {currency}"])),
    ("nl", words(["Pagina {page} van {pages}", "Gemaakt op", "Totaal", "vervolg", "ja", "nee", "{count} andere", "bedragen in {currency}"])),
    ("da", words(["Side {page} af {pages}", "Oprettet", "I alt", "fortsat", "ja", "nej", "{count} andre", "beløb i {currency}"])),
    ("sv", words(["Sida {page} av {pages}", "Skapad", "Summa", "forts.", "ja", "nej", "{count} andra", "belopp i {currency}"])),
    ("nb", words(["Side {page} av {pages}", "Opprettet", "Sum", "forts.", "ja", "nei", "{count} andre", "beløp i {currency}"])),
    ("nn", words(["Side {page} av {pages}", "Oppretta", "Sum", "forts.", "ja", "nei", "{count} andre", "beløp i {currency}"])),
    ("no", words(["Side {page} av {pages}", "Opprettet", "Sum", "forts.", "ja", "nei", "{count} andre", "beløp i {currency}"])),
    ("fi", words(["Sivu {page}/{pages}", "Luotu", "Yhteensä", "jatkuu", "kyllä", "ei", "{count} muuta", "summat: {currency}"])),
    ("pl", words(["Strona {page} z {pages}", "Utworzono", "Razem", "cd.", "tak", "nie", "pozostałe: {count}", "kwoty w {currency}"])),
    ("cs", words(["Strana {page} z {pages}", "Vytvořeno", "Celkem", "pokračování", "ano", "ne", "ostatní: {count}", "částky v {currency}"])),
    ("sk", words(["Strana {page} z {pages}", "Vytvorené", "Spolu", "pokračovanie", "áno", "nie", "ostatné: {count}", "sumy v {currency}"])),
    ("hu", words(["{page}. oldal, összesen {pages}", "Létrehozva", "Összesen", "folytatás", "igen", "nem", "{count} további", "összegek: {currency}"])),
    ("el", words(["Σελίδα {page} από {pages}", "Δημιουργήθηκε", "Σύνολο", "συνέχεια", "ναι", "όχι", "{count} άλλα", "ποσά σε {currency}"])),
    ("bg", words(["Страница {page} от {pages}", "Създаден на", "Общо", "продължение", "да", "не", "други: {count}", "суми в {currency}"])),
    ("ru", words(["Страница {page} из {pages}", "Создано", "Итого", "продолжение", "да", "нет", "прочие: {count}", "суммы в {currency}"])),
    ("uk", words(["Сторінка {page} з {pages}", "Створено", "Разом", "продовження", "так", "ні", "інші: {count}", "суми в {currency}"])),
];

/// The languages for which CLDR has patterns of dates and numbers of its own (coverage level “modern”).
const KNOWN: &str = "af am ar as az be bg bn br bs ca ceb cs cy da de el en es et eu fa fi fil fr ga gd gl gu ha he hi \
                     hr hu hy id ig is it ja ka kk km kn ko ky lo lt lv mk ml mn mr ms mt my nb ne nl nn no or pa pl ps pt rm ro ru \
                     sd si sk sl so sq sr sv sw ta te th ti tk tr uk ur uz vi yo zh zu";

/// Whether there is such a language.
pub(super) fn is_known(language: &str) -> bool {
    KNOWN.split_ascii_whitespace().any(|known| known == language)
}
