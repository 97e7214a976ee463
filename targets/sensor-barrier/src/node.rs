//! The node of the harness: a member of the ensemble, or a sensor.

use std::collections::{BTreeMap, BTreeSet};

use ordalia_coordination::{Ensemble, Message, embed, ensemble};
use ordalia_node::{
    Effects, Env, ErrorCode, Group, Input, Node, NodeConfig, NodeId, NodeInfo, Outside, Recovered, Refusal,
    RequestKind, StartError, Status,
};

use crate::options;
use crate::sensor::{self, Sensor};
use crate::sink::Sink;

/// One node.
#[derive(Debug)]
pub struct SensorBarrier {
    part: Part,
}

#[derive(Debug)]
enum Part {
    Member(Box<Ensemble>),
    Sensor(Box<Sensor>),
}

/// The names of the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A member's.
    Member(ensemble::Timer),
    /// A sensor's.
    Sensor(sensor::Timer),
}

impl Node for SensorBarrier {
    type Message = Message;
    type Record = ensemble::Record;
    type Timer = Timer;

    const INFO: NodeInfo = NodeInfo {
        name: "sensor-barrier",
        about: "sensors that measure in rounds, with a leader and a barrier in a coordination service",
        answers: &[
            RequestKind::Read,
            RequestKind::Write,
            RequestKind::Cas,
            RequestKind::Delete,
            RequestKind::Transfer,
            RequestKind::Coordination,
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
        let members = embed::members(config)?;
        if !members.contains(&config.id) {
            let sensor = Sensor::start(config.id, members, options::sensor(config)?, env, out);
            return Ok(Self { part: Part::Sensor(Box::new(sensor)) });
        }
        let settings = options::member(config)?;
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
                    // It posts nothing and sets no sensor's timer.
                    Input::Timer(Timer::Sensor(_)) | Input::Posted { .. } => {}
                }
                embed::carry_out(list, Timer::Member, out);
            }
            Part::Sensor(sensor) => match input {
                Input::Message { from, message } => sensor.on_message(from, message, env, out),
                Input::Request { ticket, .. } => {
                    let text = "sensors take no clients; ask a member of the ensemble";
                    out.reply(ticket, Err(Refusal::new(ErrorCode::NotSupported, text)));
                }
                Input::Timer(Timer::Sensor(timer)) => sensor.on_timer(timer, env, out),
                Input::Timer(Timer::Member(_)) => {}
                Input::Posted { call, outcome } => sensor.on_posted(call, &outcome, env, out),
            },
        }
    }

    fn status(&self) -> Status {
        match &self.part {
            Part::Member(member) => member.status(),
            Part::Sensor(sensor) => sensor.status(),
        }
    }

    fn groups(nodes: u16, options: &BTreeMap<String, String>) -> Vec<Group> {
        embed::groups(nodes, options, "sensors", false)
    }

    fn neighbours(config: &NodeConfig) -> Vec<NodeId> {
        embed::neighbours(config)
    }

    fn outside(
        options: &BTreeMap<String, String>,
        _bugs: &BTreeSet<String>,
        _seed: u64,
    ) -> Option<Box<dyn Outside>> {
        Some(Box::new(Sink::new(options::value(options, "api"))))
    }

    fn sizes() -> &'static [u16] {
        &[5, 6, 6, 7, 7, 8]
    }
}
