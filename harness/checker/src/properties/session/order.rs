//! Whether the demands on the order of a key's writes can all be met.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::demands::{Demand, Why};
use super::traces::{Key, Traces};
use crate::properties::findings::Findings;
use crate::properties::wording::{events, listed, of_key, show};

/// Notes what of the demands cannot be met.
pub(super) fn judge(traces: &Traces<'_>, demands: &[Vec<Demand<'_>>], findings: &mut Findings) {
    for (key, demands) in traces.keys.iter().zip(demands) {
        let order = Order { key, demands };
        for demand in demands.iter().filter(|demand| demand.own && demand.to.is_none()) {
            findings.broken("broken", || order.before_the_first(demand));
        }
        let component = order.components();
        let within =
            |demand: &Demand<'_>| demand.to.is_some_and(|to| component[to] == component[demand.from]);
        let mut cycles: BTreeMap<usize, &Demand<'_>> = BTreeMap::new();
        for demand in demands.iter().filter(|demand| demand.own) {
            if within(demand) {
                cycles.entry(component[demand.from]).or_insert(demand);
            } else if order.against_real_time(demand) {
                findings.unknown("against_real_time", || order.reversed(demand));
            }
        }
        for demand in cycles.into_values() {
            findings.broken("broken", || order.cycle(demand, &component));
        }
    }
}

/// The demands on the writes of one key.
struct Order<'o, 'a> {
    key: &'o Key<'a>,
    demands: &'o [Demand<'a>],
}

impl Order<'_, '_> {
    /// For each version the number of its strongly connected component (Tarjan, *Depth-first search and linear
    /// graph algorithms*, 1972), without recursion.
    fn components(&self) -> Vec<usize> {
        const NONE: usize = usize::MAX;
        let next = self.successors();
        let count = self.key.writes.len();
        let (mut component, mut index, mut low) = (vec![NONE; count], vec![NONE; count], vec![NONE; count]);
        let (mut stack, mut visited) = (Vec::new(), 0);
        for root in 0..count {
            if index[root] != NONE {
                continue;
            }
            let mut path: Vec<(usize, usize)> = vec![(root, 0)];
            while let Some((version, taken)) = path.last_mut() {
                let version = *version;
                if *taken == 0 && index[version] == NONE {
                    (index[version], low[version]) = (visited, visited);
                    visited += 1;
                    stack.push(version);
                }
                if let Some(to) = next[version].get(*taken).copied() {
                    *taken += 1;
                    if index[to] == NONE {
                        path.push((to, 0));
                    } else if component[to] == NONE {
                        low[version] = low[version].min(index[to]);
                    }
                    continue;
                }
                path.pop();
                if let Some((parent, _)) = path.last() {
                    low[*parent] = low[*parent].min(low[version]);
                }
                if low[version] == index[version] {
                    while let Some(member) = stack.pop() {
                        component[member] = version;
                        if member == version {
                            break;
                        }
                    }
                }
            }
        }
        component
    }

    fn successors(&self) -> Vec<Vec<usize>> {
        let mut next = vec![Vec::new(); self.key.writes.len()];
        for demand in self.demands {
            next[demand.from].extend(demand.to);
        }
        next
    }

    /// Whether the version that is to come later was written before the other was even begun.
    fn against_real_time(&self, demand: &Demand<'_>) -> bool {
        let Some(to) = demand.to else { return false };
        let (earlier, later) = (self.key.writes[to].operation, self.key.writes[demand.from].operation);
        let acknowledged = earlier.outcome == ordalia_history::Outcome::Ok;
        acknowledged && earlier.complete_index.is_some_and(|end| end < later.invoke_index)
    }

    fn before_the_first(&self, demand: &Demand<'_>) -> String {
        let (of, why) = (of_key(self.key.name), self.why(demand));
        format!("{of}{why}: the register was as before the first write again")
    }

    fn reversed(&self, demand: &Demand<'_>) -> String {
        let to = demand.to.map_or_else(String::new, |to| self.value(Some(to)));
        let (of, why, from) = (of_key(self.key.name), self.why(demand), self.value(Some(demand.from)));
        format!(
            "{of}{why}, although the write of {to} was acknowledged before that of {from} began: broken if the store orders writes by real time"
        )
    }

    /// Tells a shortest cycle with that demand in it.
    fn cycle(&self, demand: &Demand<'_>, component: &[usize]) -> String {
        let mut told = vec![self.why(demand)];
        told.extend(self.way_back(demand, component).into_iter().map(|demand| self.why(demand)));
        let of = of_key(self.key.name);
        format!("{of}no order of the writes explains what was seen: {}", listed_by(&told))
    }

    /// A shortest chain of demands from the later version of one to its earlier.
    fn way_back(&self, demand: &Demand<'_>, component: &[usize]) -> Vec<&Demand<'_>> {
        let Some(start) = demand.to.filter(|to| *to != demand.from) else { return Vec::new() };
        let mut leaving: HashMap<usize, Vec<&Demand<'_>>> = HashMap::new();
        for demand in self.demands.iter().filter(|other| component[other.from] == component[start]) {
            leaving.entry(demand.from).or_default().push(demand);
        }
        let mut reached: HashMap<usize, &Demand<'_>> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(version) = queue.pop_front() {
            for next in leaving.get(&version).into_iter().flatten() {
                let Some(to) = next.to.filter(|to| *to != start && !reached.contains_key(to)) else {
                    continue;
                };
                reached.insert(to, next);
                queue.push_back(to);
            }
        }
        let (mut way, mut at) = (Vec::new(), demand.from);
        while let Some(step) = reached.get(&at) {
            way.push(*step);
            at = step.from;
        }
        way.reverse();
        way
    }

    fn value(&self, version: Option<usize>) -> String {
        version.map_or("the value at first".to_owned(), |version| show(self.key.writes[version].value))
    }

    /// `process 2 read 5 (events 3–4) and later read 3 (events 7–8)`
    fn why(&self, demand: &Demand<'_>) -> String {
        let (from, to) = (self.value(Some(demand.from)), self.value(demand.to));
        let did = |operation: &ordalia_history::Operation, value: &str| match operation.f.as_str() {
            "cas" => format!("had {value} in a cas ({})", events(operation)),
            "write" => format!("wrote {value} ({})", events(operation)),
            _ => format!("read {value} ({})", events(operation)),
        };
        match demand.why {
            Why::Did(first, then) => {
                let process = first.process;
                format!("process {process} {} and later {}", did(first, &from), did(then, &to))
            }
            Why::Handed { earlier, saw, then } => {
                let (process, writer) = (then.process, earlier.process);
                let (had, saw) = (did(earlier, &from), events(saw));
                format!(
                    "process {writer} {had} before a write that process {process} read ({saw}), and process {process} later {}",
                    did(then, &to)
                )
            }
        }
    }
}

/// Sentences in a row, shortened.
fn listed_by(told: &[String]) -> String {
    match told {
        [] => String::new(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}; but {}", listed(rest)),
    }
}
