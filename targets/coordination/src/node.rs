//! The service as a node of the harness.

use std::collections::BTreeMap;

use ordalia_node::{
    Effects, Env, Group, Input, Node, NodeConfig, NodeId, NodeInfo, Recovered, RequestKind, StartError,
    Status,
};

use crate::agent::{self, Agent};
use crate::ensemble::{self, Ensemble};
use crate::{Message, embed, options};

/// One node: a member of the ensemble, or an agent beyond it.
#[derive(Debug)]
pub struct Coordination {
    part: Part,
}

#[derive(Debug)]
enum Part {
    Member(Box<Ensemble>),
    Agent(Box<Agent>),
}

/// The names of the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A member's.
    Member(ensemble::Timer),
    /// An agent's.
    Agent(agent::Timer),
}

impl Coordination {
    /// The member of the ensemble, if this node is one.
    pub fn member(&self) -> Option<&Ensemble> {
        match &self.part {
            Part::Member(member) => Some(member),
            Part::Agent(_) => None,
        }
    }
}

impl Node for Coordination {
    type Message = Message;
    type Record = ensemble::Record;
    type Timer = Timer;

    const INFO: NodeInfo = NodeInfo {
        name: "coordination",
        about: "a coordination service like ZooKeeper: a tree with sessions and watches, replicated by Raft",
        answers: &[
            RequestKind::Read,
            RequestKind::Write,
            RequestKind::Cas,
            RequestKind::Delete,
            RequestKind::Transfer,
            RequestKind::Coordination,
            RequestKind::Lock,
            RequestKind::Election,
            RequestKind::Counter,
            RequestKind::Queue,
            RequestKind::Watch,
            RequestKind::Ephemeral,
            RequestKind::Membership,
        ],
        options: options::INFO,
        bugs: options::BUGS,
    };

    fn start(
        config: &NodeConfig,
        disk: Recovered<Self::Record>,
        env: &mut Env,
        out: &mut Effects<Self>,
    ) -> Result<Self, StartError> {
        if !config.nodes.contains(&config.id) {
            return Err(StartError::Config(format!("{} is not among the nodes", config.id)));
        }
        let settings = options::parse(config)?;
        let members = embed::members(config)?;
        if !members.contains(&config.id) {
            let mut list = Vec::new();
            let agent = Agent::start(config, members, env, &mut list);
            carry_out_agent(list, out);
            return Ok(Self { part: Part::Agent(Box::new(agent)) });
        }
        let others = members.into_iter().filter(|node| *node != config.id).collect();
        let mut list = Vec::new();
        let member = Ensemble::start(config.id, others, &settings, disk, env, &mut list)?;
        embed::carry_out(list, Timer::Member, out);
        Ok(Self { part: Part::Member(Box::new(member)) })
    }

    fn step(&mut self, input: Input<Self>, env: &mut Env, out: &mut Effects<Self>) {
        match &mut self.part {
            Part::Member(member) => {
                let mut list = Vec::new();
                match input {
                    Input::Message { from, message } => member.on_message(from, message, env, &mut list),
                    Input::Request { ticket, request } => member.on_request(ticket, request, env, &mut list),
                    Input::Timer(Timer::Member(timer)) => member.on_timer(timer, env, &mut list),
                    // It posts nothing and sets no agent's timer.
                    Input::Timer(Timer::Agent(_)) | Input::Posted { .. } => {}
                }
                embed::carry_out(list, Timer::Member, out);
            }
            Part::Agent(agent) => {
                let mut list = Vec::new();
                match input {
                    Input::Message { from, message } => agent.on_message(from, message, env, &mut list),
                    Input::Request { ticket, request } => agent.on_request(ticket, request, env, &mut list),
                    Input::Timer(Timer::Agent(timer)) => agent.on_timer(timer, env, &mut list),
                    Input::Timer(Timer::Member(_)) | Input::Posted { .. } => {}
                }
                carry_out_agent(list, out);
            }
        }
    }

    fn status(&self) -> Status {
        match &self.part {
            Part::Member(member) => member.status(),
            Part::Agent(agent) => agent.status(),
        }
    }

    /// Enough that there are agents beside the usual ensemble.
    fn sizes() -> &'static [u16] {
        &[5, 5, 6, 7]
    }

    fn groups(nodes: u16, options: &BTreeMap<String, String>) -> Vec<Group> {
        embed::groups(nodes, options, "agents", true)
    }

    fn neighbours(config: &NodeConfig) -> Vec<NodeId> {
        embed::neighbours(config)
    }
}

fn carry_out_agent(list: Vec<agent::Out>, out: &mut Effects<Coordination>) {
    use agent::Out;
    for one in list {
        match one {
            Out::Send(to, message) => out.send(to, message),
            Out::Reply(ticket, result) => out.reply(ticket, result),
            Out::SetTimer(timer, after) => out.set_timer(Timer::Agent(timer), after),
            Out::Act(act) => out.act(act),
        }
    }
}
