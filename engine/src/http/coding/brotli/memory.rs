//! The memory of a brotli decoder, counted and bounded.

use brotli_decompressor::{Allocator, SliceWrapper, SliceWrapperMut};

/// Gives out at most so many cells of a kind at once. The decoder takes an empty answer for "there is no more".
pub(super) struct Allowance<T> {
    most: usize,
    used: usize,
    cells: std::marker::PhantomData<T>,
}

impl<T> Allowance<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, used: 0, cells: std::marker::PhantomData }
    }

    /// How many cells are given out.
    pub(super) fn used(&self) -> usize {
        self.used
    }
}

impl<T: Clone + Default> Allocator<T> for Allowance<T> {
    type AllocatedMemory = Cells<T>;

    fn alloc_cell(&mut self, length: usize) -> Cells<T> {
        let used = self.used.saturating_add(length);
        if used > self.most {
            return Cells::default();
        }
        self.used = used;
        Cells(vec![T::default(); length])
    }

    fn free_cell(&mut self, cells: Cells<T>) {
        self.used = self.used.saturating_sub(cells.0.len());
    }
}

/// Memory that was given out.
pub(super) struct Cells<T>(Vec<T>);

impl<T> Default for Cells<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> SliceWrapper<T> for Cells<T> {
    fn slice(&self) -> &[T] {
        &self.0
    }
}

impl<T> SliceWrapperMut<T> for Cells<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}
