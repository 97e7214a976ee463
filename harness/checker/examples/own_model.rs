//! A model of one's own: an account that is never overdrawn.
//!
//! `cargo run -p ordalia-checker --example own_model` judges a short history in which two withdrawals share the
//! money that is there for one.

use std::io::Write;

use ordalia_checker::linearizable::{Model, Part, Unfit, Values};
use ordalia_checker::{Budget, Checker, History, Linearizable};
use ordalia_history::{Event, Operation, Outcome, Value};

/// The model: each account begins with nothing.
struct Account;

/// What an operation says happened, with amounts in cents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum AccountOp {
    Deposit(u64),
    Withdraw(u64),
    /// A withdrawal was refused, so there was less than that.
    Refused(u64),
    Balance(u64),
}

impl Model for Account {
    type State = u64;
    type Op = AccountOp;

    fn name(&self) -> &'static str {
        "account"
    }

    fn object(&self) -> &'static str {
        "account"
    }

    fn init(&self, _: &mut Values) -> u64 {
        0
    }

    fn parse(&self, operation: &Operation, _: &mut Values) -> Result<Part<AccountOp>, Unfit> {
        let amount = |value: &Value| {
            value.as_u64().ok_or_else(|| Unfit {
                event: operation.invoke_index,
                model: "account",
                expected: "an amount in cents".to_owned(),
                found: value.to_string(),
            })
        };
        let op = match (operation.f.as_str(), operation.outcome) {
            ("balance", Outcome::Ok) => AccountOp::Balance(amount(&operation.output)?),
            ("balance", _) => return Ok(Part::Out),
            ("deposit", _) => AccountOp::Deposit(amount(&operation.input)?),
            // Only a refusal tells something of the account; other failures are left out below.
            ("withdraw", Outcome::Fail) if refused(operation) => {
                return Ok(Part::Must(AccountOp::Refused(amount(&operation.input)?)));
            }
            ("withdraw", _) => AccountOp::Withdraw(amount(&operation.input)?),
            (other, _) => {
                let (expected, found) = ("deposit, withdraw or balance".to_owned(), other.to_owned());
                return Err(Unfit { event: operation.invoke_index, model: "account", expected, found });
            }
        };
        Ok(match operation.outcome {
            Outcome::Ok => Part::Must(op),
            Outcome::Info => Part::May(op),
            Outcome::Fail => Part::Out,
        })
    }

    fn step(&self, balance: &u64, op: &AccountOp) -> Option<u64> {
        match *op {
            AccountOp::Deposit(amount) => balance.checked_add(amount),
            AccountOp::Withdraw(amount) => balance.checked_sub(amount),
            AccountOp::Refused(amount) => (*balance < amount).then_some(*balance),
            AccountOp::Balance(seen) => (*balance == seen).then_some(seen),
        }
    }

    fn is_observation(&self, op: &AccountOp) -> bool {
        matches!(op, AccountOp::Refused(_) | AccountOp::Balance(_))
    }

    fn show_state(&self, balance: &u64, _: &Values) -> String {
        format!("{balance} cents")
    }

    fn show(&self, op: &AccountOp, _: &Values) -> String {
        match op {
            AccountOp::Deposit(amount) => format!("deposit {amount}"),
            AccountOp::Withdraw(amount) => format!("withdraw {amount}"),
            AccountOp::Refused(amount) => format!("refused withdrawal of {amount}"),
            AccountOp::Balance(seen) => format!("balance {seen}"),
        }
    }

    fn claim(&self, op: &AccountOp, values: &Values) -> String {
        format!("says \"{}\"", self.show(op, values))
    }

    fn legal(&self, balance: &u64, op: &AccountOp, values: &Values) -> String {
        match *op {
            AccountOp::Withdraw(amount) => self.show(&AccountOp::Refused(amount), values),
            AccountOp::Refused(amount) => self.show(&AccountOp::Withdraw(amount), values),
            AccountOp::Balance(_) => self.show(&AccountOp::Balance(*balance), values),
            AccountOp::Deposit(_) => format!("refused deposit at {balance} cents"),
        }
    }
}

fn refused(operation: &Operation) -> bool {
    operation.error.as_ref().is_some_and(|error| error.kind == "precondition-failed")
}

/// Both withdrawals are ok, though there is enough for one alone.
const HISTORY: &str = r#"
{"index": 0, "time": 0, "process": 0, "type": "invoke", "f": "deposit", "value": 100}
{"index": 1, "time": 1, "process": 0, "type": "ok", "f": "deposit", "value": 100}
{"index": 2, "time": 2, "process": 0, "type": "invoke", "f": "withdraw", "value": 80}
{"index": 3, "time": 3, "process": 1, "type": "invoke", "f": "withdraw", "value": 80}
{"index": 4, "time": 4, "process": 0, "type": "ok", "f": "withdraw", "value": 80}
{"index": 5, "time": 5, "process": 1, "type": "ok", "f": "withdraw", "value": 80}
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lines = HISTORY.lines().filter(|line| !line.is_empty());
    let events: Vec<Event> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
    let history = History::new(events)?;
    let judgement = Linearizable::new(Account).check(&history, &Budget::default());
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", judgement.valid)?;
    for reason in &judgement.reasons {
        writeln!(out, "{reason}")?;
    }
    Ok(())
}
