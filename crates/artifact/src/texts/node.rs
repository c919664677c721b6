//! A configuration as a tree, whether it was JSON or YAML. It knows neither what was written nor what it means.

/// A value of a configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Nothing, or an alias to a value that stands elsewhere.
    Null,
    Bool(bool),
    /// A number as it is written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    /// Pairs in their order; a key may stand twice.
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Bool(truth) => *truth,
            Self::Text(text) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    pub(super) fn pairs(&self) -> &[(String, Node)] {
        match self {
            Self::Map(pairs) => pairs,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Node] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The last value of a key, which is the one that most readers take.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.pairs().iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text, or the texts of the list.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            _ => self.items().iter().filter_map(Node::text).collect(),
        }
    }

    /// Calls `with` for every pair of the tree: the path of its map, the map, the key and the value.
    pub(super) fn walk(&self, path: &mut Vec<String>, with: &mut impl FnMut(&[String], &Node, &str, &Node)) {
        match self {
            Self::Map(pairs) => {
                for (key, value) in pairs {
                    with(path, self, key, value);
                    path.push(key.clone());
                    value.walk(path, with);
                    path.pop();
                }
            }
            Self::List(items) => items.iter().for_each(|item| item.walk(path, with)),
            _ => {}
        }
    }
}
