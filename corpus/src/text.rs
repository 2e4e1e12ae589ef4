//! Words, names and sentences.

use crate::random::Random;

pub(crate) const GIVEN: &[&str] = &[
    "Anna",
    "Ben",
    "Chloé",
    "Daniel",
    "Elif",
    "Femi",
    "Greta",
    "Hiro",
    "Inês",
    "Jonas",
    "Katarzyna",
    "Liam",
    "Mei",
    "Noor",
    "Oskar",
    "Priya",
    "Quentin",
    "Rosa",
    "Sven",
    "Tomás",
    "Uma",
    "Viktor",
    "Wanda",
    "Xavier",
    "Yara",
    "Zoë",
];

pub(crate) const FAMILY: &[&str] = &[
    "Abbott", "Bauer", "Castillo", "Dubois", "Eriksson", "Ferreira", "García", "Hoffmann", "Ito", "Jansen",
    "Kowalski", "Lindgren", "Müller", "Nakamura", "O'Brien", "Patel", "Quinn", "Rossi", "Schmidt", "Taylor",
    "Ueda", "Van Dijk", "Williams", "Yılmaz", "Zhang",
];

pub(crate) const CITIES: &[&str] = &[
    "Berlin", "Lyon", "Austin", "Porto", "Kraków", "Malmö", "Toronto", "Osaka", "Leeds", "Graz", "Ghent",
    "Zürich",
];

pub(crate) const COUNTRIES: &[&str] =
    &["DE", "FR", "US", "PT", "PL", "SE", "CA", "JP", "GB", "AT", "BE", "CH"];

pub(crate) const CURRENCIES: &[&str] = &["EUR", "USD", "GBP", "SEK", "PLN", "CAD", "JPY", "CHF"];

pub(crate) const SERVICES: &[&str] = &[
    "checkout",
    "cart",
    "search",
    "catalogue",
    "billing",
    "shipping",
    "recommendation",
    "frontend",
    "auth-gateway",
    "token-service",
    "card-renderer",
    "email-worker",
];

/// Common ones first; at the end those that stand beside secrets, and beside harmless things much more often.
const WORDS: &[&str] = &[
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "is",
    "for",
    "that",
    "with",
    "it",
    "as",
    "on",
    "be",
    "by",
    "this",
    "are",
    "or",
    "from",
    "at",
    "an",
    "was",
    "not",
    "can",
    "has",
    "we",
    "you",
    "your",
    "all",
    "when",
    "which",
    "their",
    "have",
    "will",
    "one",
    "if",
    "new",
    "more",
    "its",
    "into",
    "other",
    "after",
    "only",
    "over",
    "some",
    "these",
    "two",
    "would",
    "time",
    "about",
    "than",
    "out",
    "up",
    "also",
    "no",
    "may",
    "use",
    "first",
    "any",
    "been",
    "there",
    "who",
    "so",
    "many",
    "were",
    "like",
    "most",
    "then",
    "work",
    "made",
    "way",
    "each",
    "year",
    "where",
    "through",
    "between",
    "both",
    "well",
    "under",
    "good",
    "day",
    "people",
    "world",
    "still",
    "own",
    "long",
    "while",
    "last",
    "same",
    "get",
    "here",
    "what",
    "part",
    "order",
    "delivery",
    "cotton",
    "steel",
    "design",
    "colour",
    "quality",
    "service",
    "customer",
    "product",
    "shipping",
    "garden",
    "kitchen",
    "lamp",
    "table",
    "review",
    "season",
    "winter",
    "summer",
    "outdoor",
    "light",
    "heavy",
    "simple",
    "modern",
    "classic",
    "release",
    "fixes",
    "update",
    "request",
    "handler",
    "parser",
    "build",
    "cache",
    "page",
    "button",
    "default",
    "option",
    "value",
    "test",
    "recycled",
    "water",
    "resistant",
    "machine",
    "wash",
    "warm",
    "size",
    "fit",
    "regular",
    "slim",
    "café",
    "naïve",
    "größer",
    "français",
    "niño",
    "data",
    "report",
    "weekly",
    "meeting",
    "company",
    "school",
    "history",
    "music",
    "travel",
    "coffee",
    "river",
    "mountain",
    "city",
    "bridge",
    "station",
    "street",
    "support",
    "manual",
    "battery",
    "cable",
    "screen",
    "window",
    "paper",
    "garlic",
    "bread",
    "orange",
    "silver",
    "market",
    "harbour",
    "village",
    "museum",
    "holiday",
    "evening",
    "morning",
    "library",
    "engine",
    "wheel",
    "bicycle",
    "forest",
    "account",
    "number",
    "address",
    "phone",
    "reset",
    "card",
    "token",
    "password",
    "secret",
    "key",
    "login",
];

const ADJECTIVES: &[&str] = &[
    "Organic",
    "Recycled",
    "Slim",
    "Classic",
    "Heavy",
    "Light",
    "Waterproof",
    "Wireless",
    "Foldable",
    "Ceramic",
    "Oak",
];

const THINGS: &[&str] = &[
    "T-Shirt",
    "Desk Lamp",
    "Water Bottle",
    "Backpack",
    "Notebook",
    "Headphones",
    "Chair",
    "Rain Jacket",
    "Mug",
    "Keyboard",
    "Card Holder",
    "Phone Case",
];

impl Random {
    /// So many words.
    pub(crate) fn words(&mut self, count: u32) -> String {
        let limit = u32::try_from(WORDS.len()).unwrap_or(u32::MAX);
        // The smaller of two draws: the last words are rare, as they are in what people write.
        let word =
            |_| WORDS.get(self.below(limit).min(self.below(limit)) as usize).copied().unwrap_or_default();
        (0..count).map(word).collect::<Vec<_>>().join(" ")
    }

    /// Sentences of six to twenty words.
    pub(crate) fn sentences(&mut self, count: u32) -> String {
        let mut text = String::new();
        for _ in 0..count {
            let words = self.between(6, 20);
            let sentence = self.words(words);
            let mut characters = sentence.chars();
            text.extend(characters.next().map(|first| first.to_ascii_uppercase()));
            text.push_str(characters.as_str());
            text.push_str(self.pick(&[". ", ". ", ". ", "! ", "? ", " (see below). ", ": ", ".\n"]));
        }
        text
    }

    /// Words with hyphens between them, as URLs end.
    pub(crate) fn slug(&mut self) -> String {
        format!("{}-{}", self.pick(ADJECTIVES), self.pick(THINGS)).to_ascii_lowercase().replace(' ', "-")
    }

    pub(crate) fn product(&mut self) -> String {
        format!("{} {}", self.pick(ADJECTIVES), self.pick(THINGS))
    }

    /// The name of an account, such as `anna.bauer42`.
    pub(crate) fn login(&mut self) -> String {
        let plain = |name: &str| {
            name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase()
        };
        let (given, family) = (plain(self.pick(GIVEN)), plain(self.pick(FAMILY)));
        format!("{given}{}{family}{}", self.pick(&[".", "-", "_", ""]), self.below(100))
    }
}
