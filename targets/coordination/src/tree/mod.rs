//! The replicated state: the tree of nodes, the sessions, the watches.

use ordalia_node::{CoordinationAnswer, ErrorCode, Refusal};
use ordalia_raft::StateMachine;
use serde::{Deserialize, Serialize};

/// What a command or a query comes to.
pub type Reply = Result<CoordinationAnswer, Refusal>;

/// What changes the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {}

/// What is asked of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Query {
    /// The last change.
    Zxid,
}

/// The whole state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    zxid: u64,
}

impl StateMachine for Tree {
    type Command = Command;
    type Query = Query;
    type Response = Reply;
    type Snapshot = Tree;

    fn apply(&mut self, _: &Command) -> Reply {
        Err(Refusal::new(ErrorCode::NotSupported, "nothing can be changed yet"))
    }

    fn query(&self, Query::Zxid: &Query) -> Reply {
        Ok(CoordinationAnswer::Synced { zxid: self.zxid })
    }

    fn snapshot(&self) -> Tree {
        self.clone()
    }

    fn restore(tree: Tree) -> Self {
        tree
    }

    fn weight(_: &Command) -> usize {
        0
    }
}
