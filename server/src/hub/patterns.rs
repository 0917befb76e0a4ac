//! All patterns that shards follow, as a tree of segments: a topic finds its matches without looking at the rest.
//!
//! The version moves when the set does, so that each topic can keep its matches until then.

use eventwire::Pattern;
use hashbrown::HashMap;

#[derive(Debug, Default)]
struct Node {
    literal: HashMap<Box<str>, u32>,
    /// The child of `*`; 0, the root, is none.
    any: u32,
    /// The pattern that ends here, and the one that ends here in `**`.
    end: Option<u32>,
    rest: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct Patterns {
    nodes: Vec<Node>,
    free_nodes: Vec<u32>,
    numbers: HashMap<Pattern, u32>,
    followed: Vec<Option<(Pattern, u64)>>,
    free: Vec<u32>,
    version: u64,
}

impl Patterns {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
            free_nodes: Vec::new(),
            numbers: HashMap::new(),
            followed: Vec::new(),
            free: Vec::new(),
            // A topic's note starts at 0: nothing looked up yet.
            version: 1,
        }
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The pattern of a number that is followed.
    pub(super) fn get(&self, number: u32) -> Option<&Pattern> {
        self.followed.get(number as usize)?.as_ref().map(|(pattern, _)| pattern)
    }

    /// The shards that follow it, a bit each.
    pub(super) fn shards(&self, number: u32) -> u64 {
        self.followed.get(number as usize).and_then(Option::as_ref).map_or(0, |(_, shards)| *shards)
    }

    /// A shard follows a pattern; says its number. Saying it twice is saying it once.
    pub(super) fn follow(&mut self, shard: usize, pattern: &Pattern) -> u32 {
        let number = match self.numbers.get(pattern) {
            Some(&number) => number,
            None => self.plant(pattern),
        };
        if let Some((_, shards)) = &mut self.followed[number as usize]
            && *shards & 1 << shard == 0
        {
            *shards |= 1 << shard;
            self.version += 1;
        }
        number
    }

    /// A shard does not follow it any more.
    pub(super) fn unfollow(&mut self, shard: usize, number: u32) {
        let Some((pattern, shards)) = &mut self.followed[number as usize] else { return };
        *shards &= !(1 << shard);
        self.version += 1;
        if *shards == 0 {
            let pattern = pattern.clone();
            self.followed[number as usize] = None;
            self.numbers.remove(&pattern);
            self.free.push(number);
            self.uproot(pattern.as_str());
        }
    }

    /// Every pattern that matches a topic.
    pub(super) fn matches(&self, topic: &str, found: &mut Vec<u32>) {
        self.walk(0, Some(topic), found);
    }

    fn plant(&mut self, pattern: &Pattern) -> u32 {
        let number = self.free.pop().unwrap_or(self.followed.len() as u32);
        if number as usize == self.followed.len() {
            self.followed.push(None);
        }
        self.followed[number as usize] = Some((pattern.clone(), 0));
        self.numbers.insert(pattern.clone(), number);
        let mut at = 0;
        for segment in pattern.as_str().split('.') {
            if segment == "**" {
                self.nodes[at as usize].rest = Some(number);
                return number;
            }
            at = self.child(at, segment).unwrap_or_else(|| self.grow(at, segment));
        }
        self.nodes[at as usize].end = Some(number);
        number
    }

    /// Takes out a pattern's end and every node that leads nowhere any more.
    fn uproot(&mut self, pattern: &str) {
        let (mut at, mut path) = (0, Vec::new());
        for segment in pattern.split('.').filter(|segment| *segment != "**") {
            let Some(child) = self.child(at, segment) else { return };
            path.push((at, segment));
            at = child;
        }
        match pattern.ends_with("**") {
            true => self.nodes[at as usize].rest = None,
            false => self.nodes[at as usize].end = None,
        }
        while let Some((parent, segment)) = path.pop() {
            let node = &self.nodes[at as usize];
            if !node.literal.is_empty() || node.any != 0 || node.end.is_some() || node.rest.is_some() {
                return;
            }
            self.free_nodes.push(at);
            match segment {
                "*" => self.nodes[parent as usize].any = 0,
                segment => drop(self.nodes[parent as usize].literal.remove(segment)),
            }
            at = parent;
        }
    }

    fn child(&self, at: u32, segment: &str) -> Option<u32> {
        match segment {
            "*" => Some(self.nodes[at as usize].any).filter(|&child| child != 0),
            segment => self.nodes[at as usize].literal.get(segment).copied(),
        }
    }

    fn grow(&mut self, at: u32, segment: &str) -> u32 {
        let child = self.free_nodes.pop().unwrap_or(self.nodes.len() as u32);
        match child as usize == self.nodes.len() {
            true => self.nodes.push(Node::default()),
            false => self.nodes[child as usize] = Node::default(),
        }
        match segment {
            "*" => self.nodes[at as usize].any = child,
            segment => drop(self.nodes[at as usize].literal.insert(segment.into(), child)),
        }
        child
    }

    fn walk(&self, at: u32, topic: Option<&str>, found: &mut Vec<u32>) {
        let node = &self.nodes[at as usize];
        let Some(topic) = topic else {
            found.extend(node.end);
            return;
        };
        found.extend(node.rest);
        let (segment, rest) = match topic.split_once('.') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (topic, None),
        };
        if let Some(&child) = node.literal.get(segment) {
            self.walk(child, rest, found);
        }
        if node.any != 0 {
            self.walk(node.any, rest, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_tree_finds_what_each_pattern_matches_alone(
            patterns in prop::collection::vec("(a|b|\\*)(\\.(a|b|\\*)){0,3}(\\.\\*\\*)?|\\*\\*", 1..12),
            topics in prop::collection::vec("(a|b|c)(\\.(a|b|c)){0,4}", 1..12),
            gone in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let mut tree = Patterns::new();
            let mut followed: Vec<(Pattern, u32)> = Vec::new();
            for pattern in patterns {
                let pattern = Pattern::parse(&pattern).unwrap();
                let number = tree.follow(0, &pattern);
                if !followed.iter().any(|f| f.0 == pattern) {
                    followed.push((pattern, number));
                }
            }
            for gone in gone {
                if !followed.is_empty() {
                    let (_, number) = followed.swap_remove(gone.index(followed.len()));
                    tree.unfollow(0, number);
                }
            }
            for topic in topics {
                let mut found = Vec::new();
                tree.matches(&topic, &mut found);
                found.sort();
                let mut alone: Vec<_> = followed.iter().filter(|f| f.0.matches(&topic)).map(|f| f.1).collect();
                alone.sort();
                prop_assert_eq!(found, alone);
            }
            for (_, number) in followed {
                tree.unfollow(0, number);
            }
            prop_assert!(tree.is_empty());
            prop_assert_eq!(tree.nodes.len(), tree.free_nodes.len() + 1, "nothing is left but the root");
        }
    }
}
