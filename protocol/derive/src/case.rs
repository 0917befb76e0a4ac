//! The spellings of `#[serde(rename_all = "…")]`, as serde applies them to variants.

/// How a variant's name becomes an event's name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// As it is written, which is also `PascalCase`.
    Pascal,
    Lower,
    Upper,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Rule {
    /// Every rule by its name in the attribute.
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("lowercase", Self::Lower),
        ("UPPERCASE", Self::Upper),
        ("PascalCase", Self::Pascal),
        ("camelCase", Self::Camel),
        ("snake_case", Self::Snake),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("kebab-case", Self::Kebab),
        ("SCREAMING-KEBAB-CASE", Self::ScreamingKebab),
    ];

    pub(crate) fn parse(raw: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == raw).map(|(_, rule)| rule)
    }

    pub(crate) fn apply(self, variant: &str) -> String {
        match self {
            Self::Pascal => variant.to_owned(),
            Self::Lower => variant.to_ascii_lowercase(),
            Self::Upper => variant.to_ascii_uppercase(),
            Self::Camel => {
                let mut chars = variant.chars();
                chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
            }
            Self::Snake => words(variant),
            Self::ScreamingSnake => words(variant).to_ascii_uppercase(),
            Self::Kebab => words(variant).replace('_', "-"),
            Self::ScreamingKebab => words(variant).to_ascii_uppercase().replace('_', "-"),
        }
    }
}

/// Every capital but the first begins a word.
fn words(variant: &str) -> String {
    let mut out = String::new();
    for (at, c) in variant.char_indices() {
        if at > 0 && c.is_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
