//! The frontier of an RFC 6962 Merkle tree over all events: enough to add a leaf and to tell the
//! root, in space that grows with the logarithm of the log.

use super::wire::{Malformed, Reader, Writer};
use crate::hash::sha256;

/// The roots of the complete subtrees, largest first; one for each bit that is set in `count`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Frontier {
    count: u64,
    roots: Vec<[u8; 32]>,
}

impl Frontier {
    /// Adds one event: its position, its place in its commit, and the hash of that commit.
    pub(crate) fn push_event(&mut self, position: u64, index: u16, commit_hash: &[u8; 32]) {
        let mut leaf = [0; 43];
        put(&mut leaf, 1, &position.to_be_bytes());
        put(&mut leaf, 9, &index.to_be_bytes());
        put(&mut leaf, 11, commit_hash);
        self.push(sha256(&leaf));
    }

    /// RFC 6962 section 2.1: a node is SHA-256(0x01 ‖ left ‖ right).
    fn push(&mut self, leaf: [u8; 32]) {
        let mut node = leaf;
        let mut count = self.count;
        while count & 1 == 1 {
            let Some(left) = self.roots.pop() else { break };
            node = parent(&left, &node);
            count >>= 1;
        }
        self.roots.push(node);
        self.count += 1;
    }

    /// How many leaves there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The Merkle tree hash of all leaves; of none, the hash of nothing.
    pub(crate) fn root(&self) -> [u8; 32] {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else { return sha256(&[]) };
        roots.fold(*last, |right, left| parent(left, &right))
    }

    pub(crate) fn encode(&self, out: &mut Writer) {
        out.u64(self.count);
        self.roots.iter().for_each(|it| out.raw(it));
    }

    pub(crate) fn decode(from: &mut Reader) -> Result<Self, Malformed> {
        let count = from.u64()?;
        let roots = (0..count.count_ones()).map(|_| from.array()).collect::<Result<_, _>>()?;
        Ok(Self { count, roots })
    }
}

fn parent(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut node = [1; 65];
    put(&mut node, 1, left);
    put(&mut node, 33, right);
    sha256(&node)
}

fn put(to: &mut [u8], at: usize, from: &[u8]) {
    if let Some(to) = to.get_mut(at..at + from.len()) {
        to.copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 section 2.1, written down as it stands there.
    fn tree_hash(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => sha256(&[]),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                parent(&tree_hash(&leaves[..split]), &tree_hash(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_frontier_has_the_root_of_the_whole_tree() {
        let mut frontier = Frontier::default();
        let mut leaves = Vec::new();
        for n in 0_u8..70 {
            assert_eq!(frontier.root(), tree_hash(&leaves), "{n} leaves");
            frontier.push(sha256(&[n]));
            leaves.push(sha256(&[n]));
            let mut out = Writer::default();
            frontier.encode(&mut out);
            assert_eq!(Frontier::decode(&mut Reader::new(out.0.into())), Ok(frontier.clone()));
        }
    }
}
