//! A body as it comes over the wire: in pieces.

/// A body cut into pieces of these lengths, and the rest of it.
pub struct Pieces<'a, 's> {
    rest: Option<&'a [u8]>,
    sizes: std::slice::Iter<'s, u8>,
}

impl<'a, 's> Pieces<'a, 's> {
    /// Cuts a body.
    #[must_use]
    pub fn new(text: &'a [u8], sizes: &'s [u8]) -> Self {
        Self { rest: Some(text), sizes: sizes.iter() }
    }
}

impl<'a> Iterator for Pieces<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let Some(size) = self.sizes.next() else {
            return self.rest.take();
        };
        let (piece, after) = rest.split_at(rest.len().min(usize::from(*size)));
        self.rest = Some(after);
        Some(piece)
    }
}
