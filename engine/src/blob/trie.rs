//! Paths: a trie by segments, walked without recursion and in bounded steps.

use super::field::{Span, record, word_field};

record! {
    /// A node of the trie.
    Node in "nodes" as 19 {
        /// Its literal children, sorted by text.
        literals: Span,
        /// The child for any one segment, or [`NO_NODE`].
        any: u32,
        /// What applies when the path ends here.
        here: Span,
        /// What applies to everything from here on.
        rest: Span,
    }
}

/// The position of no node.
pub const NO_NODE: u32 = u32::MAX;

record! {
    /// A literal child.
    Edge in "edges" as 20 {
        /// The segment.
        text: &'p str,
        /// Where it leads.
        node: u32,
    }
}

/// What a path can lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TargetKind {
    /// A route; the most specific one wins.
    Route = 1,
    /// A trap; all that match apply.
    Honeypot = 2,
    /// Something to look for; all that match apply.
    Sensitive = 3,
    /// What replies are meant to contain; all that match apply.
    Expectation = 4,
}
word_field!(
    TargetKind,
    "a known target",
    TargetKind::Route,
    TargetKind::Honeypot,
    TargetKind::Sensitive,
    TargetKind::Expectation
);

record! {
    /// What a path leads to.
    Target in "targets" as 21 {
        /// What kind of thing.
        kind: TargetKind,
        /// For which methods, a bit for each of [`METHODS`]; 0 for all.
        methods: u16,
        /// Its position in its section.
        position: u32,
    }
}

/// The methods that a policy can name.
pub const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"];

/// Bits for a list of methods; `None` where one is unknown.
#[must_use]
pub fn method_bits(methods: &[String]) -> Option<u16> {
    methods.iter().try_fold(0, |bits, method| Some(bits | method_bit(method.as_bytes())?))
}

fn method_bit(method: &[u8]) -> Option<u16> {
    let position = METHODS.iter().position(|known| known.as_bytes() == method)?;
    Some(1 << position)
}

/// Longest path that is looked at, in segments; deeper ones still reach `**`.
const MAX_SEGMENTS: usize = 64;
/// Most nodes that one path may visit. A node has at most two ways on, so that paths through many wildcards fan out.
const MAX_STEPS: usize = 512;

/// The trie of all apps.
#[derive(Clone, Copy, Debug)]
pub struct Trie<'t, 'p> {
    /// All nodes.
    pub nodes: &'t [Node<'p>],
    /// All literal children.
    pub edges: &'t [Edge<'p>],
    /// All targets.
    pub targets: &'t [Target<'p>],
}

/// What a path led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// The most specific route.
    pub route: Option<u32>,
    /// The first trap.
    pub honeypot: Option<u32>,
    /// Everything to look for, ascending.
    pub sensitive: Vec<u32>,
    /// Everything that is expected, ascending.
    pub expectations: Vec<u32>,
}

impl Trie<'_, '_> {
    /// Finds what a path leads to. Segment by segment a literal is more specific than a parameter or `*`, these more than
    /// `**`; the walk visits the more specific way first, so that the first route it meets is the one.
    #[must_use]
    pub fn find<'s>(&self, root: u32, segments: impl Iterator<Item = &'s [u8]>, method: &[u8]) -> Matches {
        let segments: Vec<&[u8]> = segments.take(MAX_SEGMENTS).collect();
        let bit = method_bit(method);
        let mut found = Matches::default();
        // Depth first: the stack holds ways not taken yet, the most specific on top. `**` of a node comes after all
        // that lies below it, hence the second kind of entry.
        let mut ways = vec![Way { node: root, depth: 0, rest: false }];
        for _ in 0..MAX_STEPS {
            let Some(way) = ways.pop() else { break };
            let Some(node) = self.nodes.get(way.node as usize) else { continue };
            if way.rest {
                self.collect(node.rest, bit, &mut found);
                continue;
            }
            if node.rest.count > 0 {
                ways.push(Way { rest: true, ..way });
            }
            let Some(segment) = segments.get(way.depth) else {
                self.collect(node.here, bit, &mut found);
                continue;
            };
            if node.any != NO_NODE {
                ways.push(Way { node: node.any, depth: way.depth + 1, rest: false });
            }
            let literals = node.literals.of(self.edges);
            if let Ok(position) = literals.binary_search_by(|edge| edge.text.as_bytes().cmp(segment))
                && let Some(edge) = literals.get(position)
            {
                ways.push(Way { node: edge.node, depth: way.depth + 1, rest: false });
            }
        }
        found.sensitive.sort_unstable();
        found.sensitive.dedup();
        found.expectations.sort_unstable();
        found.expectations.dedup();
        found
    }

    fn collect(&self, targets: Span, bit: Option<u16>, found: &mut Matches) {
        for target in targets.of(self.targets) {
            if target.methods != 0 && bit.is_none_or(|bit| target.methods & bit == 0) {
                continue;
            }
            match target.kind {
                TargetKind::Route => found.route = found.route.or(Some(target.position)),
                TargetKind::Honeypot => found.honeypot = found.honeypot.or(Some(target.position)),
                TargetKind::Sensitive => found.sensitive.push(target.position),
                TargetKind::Expectation => found.expectations.push(target.position),
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Way {
    node: u32,
    depth: usize,
    rest: bool,
}

#[cfg(feature = "write")]
pub(crate) use build::{OwnedEdge, TrieBuilder};

#[cfg(feature = "write")]
mod build {
    use super::{Edge, NO_NODE, Node, Span, Target, TargetKind};
    use crate::blob::draft::{PathPattern, Segment};
    use std::collections::BTreeMap;
    use std::marker::PhantomData;

    #[derive(Default)]
    struct Growing {
        literals: BTreeMap<String, usize>,
        any: Option<usize>,
        here: Vec<Target<'static>>,
        rest: Vec<Target<'static>>,
    }

    /// Collects path patterns, then lays the nodes out.
    #[derive(Default)]
    pub(crate) struct TrieBuilder {
        nodes: Vec<Growing>,
    }

    impl TrieBuilder {
        /// A new root.
        pub(crate) fn root(&mut self) -> usize {
            self.nodes.push(Growing::default());
            self.nodes.len() - 1
        }

        pub(crate) fn insert(
            &mut self,
            root: usize,
            path: &PathPattern,
            kind: TargetKind,
            methods: u16,
            position: u32,
        ) {
            let target = Target { kind, methods, position, blob: PhantomData };
            let mut at = root;
            for segment in &path.segments {
                let next = self.nodes.len();
                let Some(node) = self.nodes.get_mut(at) else { return };
                let child = match segment {
                    Segment::Literal(text) => *node.literals.entry(text.clone()).or_insert(next),
                    Segment::Parameter(_) | Segment::Any => *node.any.get_or_insert(next),
                    Segment::Rest => {
                        node.rest.push(target);
                        return;
                    }
                };
                if child == next {
                    self.nodes.push(Growing::default());
                }
                at = child;
            }
            if let Some(node) = self.nodes.get_mut(at) {
                node.here.push(target);
            }
        }

        pub(crate) fn finish(self) -> (Vec<Node<'static>>, Vec<OwnedEdge>, Vec<Target<'static>>) {
            let (mut nodes, mut edges, mut targets) = (Vec::new(), Vec::new(), Vec::new());
            for node in self.nodes {
                let literals = Span { first: number(edges.len()), count: number(node.literals.len()) };
                edges
                    .extend(node.literals.into_iter().map(|(text, to)| OwnedEdge { text, node: number(to) }));
                let mut span = |mut list: Vec<Target<'static>>| {
                    let span = Span { first: number(targets.len()), count: number(list.len()) };
                    targets.append(&mut list);
                    span
                };
                let here = span(node.here);
                let rest = span(node.rest);
                let any = node.any.map_or(NO_NODE, number);
                nodes.push(Node { literals, any, here, rest, blob: PhantomData });
            }
            (nodes, edges, targets)
        }
    }

    fn number(position: usize) -> u32 {
        u32::try_from(position).unwrap_or(u32::MAX)
    }

    /// An edge before its text is in the pool.
    pub(crate) struct OwnedEdge {
        text: String,
        node: u32,
    }

    impl OwnedEdge {
        pub(crate) fn as_edge(&self) -> Edge<'_> {
            Edge { text: &self.text, node: self.node, blob: PhantomData }
        }
    }
}
