//! The nodes, and how they are changed: each change can be undone, so that a `multi` that is refused
//! half-way leaves nothing behind, and nothing is copied to that end.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_node::{Change, CreateMode, ErrorCode, Refusal, SessionNumber, Stat, Value, Zxid};

use super::path;

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub value: Value,
    pub stat: Stat,
    /// The number of the next sequential child.
    pub next_sequence: u64,
    pub children: BTreeSet<String>,
}

impl Node {
    pub fn new(value: Value, zxid: Zxid, owner: Option<SessionNumber>) -> Self {
        let stat = Stat { version: 0, children_version: 0, created: zxid, modified: zxid, owner };
        Self { value, stat, next_sequence: 0, children: BTreeSet::new() }
    }
}

/// One node that was touched, for watches and for the lists of the sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The node.
    pub path: String,
    /// Created, changed or removed.
    pub what: Change,
    /// The version of its data since; nothing for a removed one.
    pub version: Option<u64>,
    /// The version of the parent's children since, if they changed.
    pub siblings: u64,
    /// The session that it goes or went with.
    pub owner: Option<SessionNumber>,
}

/// What one command has done so far.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    pub touched: Vec<Touched>,
    undo: Vec<Undo>,
}

/// How one edit is taken back.
#[derive(Debug)]
enum Undo {
    Create { path: String, siblings: u64, next_sequence: u64 },
    Set { path: String, value: Value, stat: Stat },
    Remove { path: String, node: Box<Node>, siblings: u64 },
}

/// All nodes by path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nodes {
    map: BTreeMap<String, Node>,
}

impl Default for Nodes {
    fn default() -> Self {
        Self { map: BTreeMap::from([("/".to_owned(), Node::new(Value::Null, 0, None))]) }
    }
}

fn refuse<T>(code: ErrorCode, text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(code, text))
}

fn absent<T>(path: &str) -> Result<T, Refusal> {
    refuse(ErrorCode::KeyDoesNotExist, format!("there is no node {path}"))
}

fn compare(path: &str, expected: Option<u64>, found: u64) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != found => {
            let text = format!("{path}: expected version {expected}, found {found}");
            refuse(ErrorCode::PreconditionFailed, text)
        }
        _ => Ok(()),
    }
}

impl Nodes {
    pub fn get(&self, path: &str) -> Option<&Node> {
        self.map.get(path)
    }

    pub fn len(&self) -> usize {
        self.map.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&String, &Node)> {
        self.map.iter()
    }

    /// The node at a path.
    pub fn find(&self, path: &str) -> Result<&Node, Refusal> {
        path::check(path)?;
        self.map.get(path).map_or_else(|| absent(path), Ok)
    }

    /// Adds a node as it was stored, if it fits: what a snapshot holds may be damaged.
    pub fn restore(&mut self, path: &str, node: Node) {
        if path == "/" {
            let children = self.map.get_mut("/").map(|root| std::mem::take(&mut root.children));
            self.map.insert(path.to_owned(), Node { children: children.unwrap_or_default(), ..node });
            return;
        }
        let Some((parent, name)) = path::split(path) else { return };
        if path::check(path).is_ok()
            && let Some(parent) = self.map.get_mut(parent)
        {
            parent.children.insert(name.to_owned());
            self.map.insert(path.to_owned(), Node { children: BTreeSet::new(), ..node });
        }
    }

    /// Creates a node. Gives back its path.
    pub fn create(
        &mut self,
        path: &str,
        value: &Value,
        mode: CreateMode,
        owner: Option<SessionNumber>,
        zxid: Zxid,
        edits: &mut Edits,
    ) -> Result<String, Refusal> {
        let (path, number) = match mode.is_sequential() {
            true => self.numbered(path)?,
            false => (path.to_owned(), None),
        };
        path::check(&path)?;
        if self.map.contains_key(&path) {
            return refuse(ErrorCode::KeyAlreadyExists, format!("there is a node {path}"));
        }
        let Some((above, name)) = path::split(&path) else { return absent(&path) };
        let Some(parent) = self.map.get_mut(above) else { return absent(above) };
        if parent.stat.owner.is_some() {
            let text = format!("{above} is ephemeral and can have no children");
            return refuse(ErrorCode::MalformedRequest, text);
        }
        let (siblings, next_sequence) = (parent.stat.children_version, parent.next_sequence);
        edits.undo.push(Undo::Create { path: path.clone(), siblings, next_sequence });
        if let Some(number) = number {
            parent.next_sequence = number.saturating_add(1);
        }
        parent.children.insert(name.to_owned());
        parent.stat.children_version = siblings.saturating_add(1);
        let siblings = parent.stat.children_version;
        let owner = owner.filter(|_| mode.is_ephemeral());
        self.map.insert(path.clone(), Node::new(value.clone(), zxid, owner));
        let created =
            Touched { path: path.clone(), what: Change::Created, version: Some(0), siblings, owner };
        edits.touched.push(created);
        Ok(path)
    }

    /// The path of the next sequential node of that beginning, and its number.
    fn numbered(&self, beginning: &str) -> Result<(String, Option<u64>), Refusal> {
        let above = path::split(beginning).map_or("/", |(parent, _)| parent);
        let Some(parent) = self.map.get(above) else { return absent(above) };
        let free = (parent.next_sequence..=u64::MAX)
            .map(|number| (format!("{beginning}{number:010}"), Some(number)))
            // Somebody may have given a node such a name without asking for a number.
            .find(|(path, _)| !self.map.contains_key(path));
        free.map_or_else(|| refuse(ErrorCode::MalformedRequest, "there are no numbers left"), Ok)
    }

    pub fn set(
        &mut self,
        path: &str,
        value: &Value,
        version: Option<u64>,
        zxid: Zxid,
        edits: &mut Edits,
    ) -> Result<Stat, Refusal> {
        path::check(path)?;
        let Some(node) = self.map.get_mut(path) else { return absent(path) };
        compare(path, version, node.stat.version)?;
        let stat = node.stat;
        let value = std::mem::replace(&mut node.value, value.clone());
        edits.undo.push(Undo::Set { path: path.to_owned(), value, stat });
        node.stat.version = stat.version.saturating_add(1);
        node.stat.modified = zxid;
        edits.touched.push(Touched {
            path: path.to_owned(),
            what: Change::Changed,
            version: Some(node.stat.version),
            siblings: 0,
            owner: stat.owner,
        });
        Ok(node.stat)
    }

    pub fn remove(&mut self, path: &str, version: Option<u64>, edits: &mut Edits) -> Result<(), Refusal> {
        let node = self.find(path)?;
        compare(path, version, node.stat.version)?;
        let Some((above, name)) = path::split(path) else {
            return refuse(ErrorCode::MalformedRequest, "the root cannot be removed");
        };
        if !node.children.is_empty() {
            let text = format!("{path} has {} children", node.children.len());
            return refuse(ErrorCode::PreconditionFailed, text);
        }
        let Some(parent) = self.map.get_mut(above) else { return absent(above) };
        let before = parent.stat.children_version;
        parent.children.remove(name);
        parent.stat.children_version = before.saturating_add(1);
        let siblings = parent.stat.children_version;
        let Some(node) = self.map.remove(path) else { return absent(path) };
        let owner = node.stat.owner;
        edits.undo.push(Undo::Remove { path: path.to_owned(), node: Box::new(node), siblings: before });
        let path = path.to_owned();
        edits.touched.push(Touched { path, what: Change::Removed, version: None, siblings, owner });
        Ok(())
    }

    pub fn check(&self, path: &str, version: Option<u64>) -> Result<(), Refusal> {
        compare(path, version, self.find(path)?.stat.version)
    }

    /// Takes back what a refused command has done.
    pub fn undo(&mut self, edits: Edits) {
        for undo in edits.undo.into_iter().rev() {
            match undo {
                Undo::Create { path, siblings, next_sequence } => {
                    self.map.remove(&path);
                    if let Some((parent, name)) = self.parent_of(&path) {
                        parent.children.remove(name);
                        parent.stat.children_version = siblings;
                        parent.next_sequence = next_sequence;
                    }
                }
                Undo::Set { path, value, stat } => {
                    if let Some(node) = self.map.get_mut(&path) {
                        node.value = value;
                        node.stat = stat;
                    }
                }
                Undo::Remove { path, node, siblings } => {
                    if let Some((parent, name)) = self.parent_of(&path) {
                        parent.children.insert(name.to_owned());
                        parent.stat.children_version = siblings;
                    }
                    self.map.insert(path, *node);
                }
            }
        }
    }

    fn parent_of<'a>(&mut self, path: &'a str) -> Option<(&mut Node, &'a str)> {
        let (parent, name) = path::split(path)?;
        Some((self.map.get_mut(parent)?, name))
    }
}
