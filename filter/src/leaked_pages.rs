//! Lists of leaked credentials in shared data: there once for all workers, and in no worker's memory.
//!
//! The pages of a file come behind its policy. Whichever machine is configured first moves them over in slices, and says
//! under `part` which part they are; the others find that and read nothing. A page that is missing, or that a list of
//! another configuration has taken the place of, is no answer to anything: the engine counts it.

use crate::host;
use bartizan_engine::blob::Policy;
use bartizan_engine::leaked::container::{PART_HEADER_LEN, PartHeader};
use bartizan_engine::leaked::{LeakedPages, Next, PAGE_LEN, Page, next_page};
use std::fmt::Write as _;

/// How much of the configuration is looked at in one go. At least a page.
const SLICE: usize = 64 * 1024;
const _: () = assert!(SLICE > PAGE_LEN);

/// The leaked part of a configuration.
#[derive(Clone, Debug, Default)]
pub(crate) enum Part {
    /// There is none.
    #[default]
    None,
    /// It stands in the plugin's configuration, from here to its end.
    Configured {
        /// Its first byte.
        start: usize,
        /// How many bytes it has.
        length: usize,
    },
    /// It was in base64.
    Decoded(Vec<u8>),
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Configured { length, .. } => *length,
            Self::Decoded(bytes) => bytes.len(),
        }
    }

    /// Its bytes from `at` on, at most a slice.
    fn slice(&self, at: usize) -> Vec<u8> {
        let length = SLICE.min(self.len().saturating_sub(at));
        match self {
            Self::None => Vec::new(),
            Self::Configured { start, .. } => host::plugin_configuration(start.saturating_add(at), length),
            Self::Decoded(bytes) => bytes.get(at..at + length).unwrap_or_default().to_vec(),
        }
    }
}

/// What `part` holds: the digest of the part whose pages are all there (0: of none), and below which number pages may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stored {
    digest: u64,
    pages: u32,
}

impl Stored {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (digest, pages) = bytes.split_first_chunk::<8>()?;
        Some(Self { digest: u64::from_le_bytes(*digest), pages: u32::from_le_bytes(pages.try_into().ok()?) })
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.digest.to_le_bytes().to_vec();
        bytes.extend(self.pages.to_le_bytes());
        bytes
    }
}

/// The pages of one instance.
#[derive(Debug)]
pub(crate) struct SharedLeakedPages {
    prefix: String,
    /// Whether this machine has said already that pages are missing.
    is_distrusted: bool,
}

impl SharedLeakedPages {
    pub(crate) fn new(instance: &str) -> Self {
        Self { prefix: format!("bartizan/v1/{instance}/leaked/"), is_distrusted: false }
    }

    fn key(&self, page: u32) -> String {
        let mut key = String::with_capacity(self.prefix.len() + 10);
        key.push_str(&self.prefix);
        let _ = write!(key, "{page}");
        key
    }

    fn part_key(&self) -> String {
        format!("{}part", self.prefix)
    }

    fn stored(&self) -> Stored {
        let stored = host::shared_value(&self.part_key()).and_then(|(bytes, _)| Stored::read(&bytes));
        stored.unwrap_or(Stored { digest: 0, pages: 0 })
    }

    /// Sees to it that the pages of a part are there, and says how many were not.
    ///
    /// # Errors
    ///
    /// A sentence, where the part is not the one that belongs to this policy, or is damaged.
    pub(crate) fn publish(&self, part: &Part, policy: &Policy<'_>) -> Result<u32, String> {
        let needed = policy.leaked.iter().map(|list| list.first_page.saturating_add(list.pages)).max();
        let needed = needed.unwrap_or(0);
        if matches!(part, Part::None) {
            return if needed == 0 {
                Ok(0)
            } else {
                Err("the policy has leaked lists, and their pages are not behind it: give the whole file that \
                     `bartizan compile` wrote"
                    .to_owned())
            };
        }
        let header = PartHeader::parse(&part.slice(0)).map_err(|error| error.to_string())?;
        if header.length.saturating_add(PART_HEADER_LEN as u64) != part.len() as u64 {
            return Err(
                "the leaked lists behind the policy are cut off, or something follows them".to_owned()
            );
        }
        if header.pages != needed {
            return Err("the leaked lists behind the policy are those of another policy".to_owned());
        }
        let before = self.stored();
        if before.digest == header.digest {
            return Ok(0);
        }
        // Should this be interrupted, nobody takes the pages for complete.
        let most = before.pages.max(header.pages);
        host::overwrite_shared_value(&self.part_key(), &Stored { digest: 0, pages: most }.to_bytes());
        self.copy(part, header.pages, policy)?;
        for surplus in header.pages..before.pages {
            // Shared data cannot be deleted; an empty value gives the memory back.
            host::overwrite_shared_value(&self.key(surplus), &[]);
        }
        let complete = Stored { digest: header.digest, pages: header.pages };
        host::overwrite_shared_value(&self.part_key(), &complete.to_bytes());
        Ok(header.pages)
    }

    fn copy(&self, part: &Part, pages: u32, policy: &Policy<'_>) -> Result<(), String> {
        let (mut at, mut number) = (PART_HEADER_LEN, 0_u32);
        while at < part.len() {
            let slice = part.slice(at);
            let mut used = 0;
            while let Next::Page(page, bytes) = next_page(slice.get(used..).unwrap_or_default()) {
                if !belongs(&page, number, policy) {
                    return Err("the leaked lists behind the policy are those of another policy".to_owned());
                }
                host::overwrite_shared_value(&self.key(number), bytes);
                used += bytes.len();
                number = number.saturating_add(1);
            }
            if used == 0 {
                return Err("the leaked lists behind the policy are damaged".to_owned());
            }
            at += used;
        }
        if number == pages {
            Ok(())
        } else {
            Err("the leaked lists behind the policy are damaged".to_owned())
        }
    }
}

fn belongs(page: &Page<'_>, number: u32, policy: &Policy<'_>) -> bool {
    policy.leaked.iter().any(|list| {
        number.checked_sub(list.first_page) == Some(page.position)
            && page.position < list.pages
            && page.list == list.digest
    })
}

impl LeakedPages for SharedLeakedPages {
    fn load(&mut self, page: u32) -> Option<Vec<u8>> {
        let found = host::shared_value(&self.key(page)).map(|(bytes, _)| bytes);
        let found = found.filter(|bytes| Page::length(bytes) == Some(bytes.len()));
        if found.is_none() && !self.is_distrusted {
            // Somebody else wrote here: the next machine that is configured moves all pages over again.
            self.is_distrusted = true;
            let pages = self.stored().pages;
            host::overwrite_shared_value(&self.part_key(), &Stored { digest: 0, pages }.to_bytes());
        }
        found
    }
}
