//! The settings that can be changed while it runs.

use ordalia_coordination::client::{Happening, Session};
use ordalia_coordination::recipes::{Configuration, ConfigurationOutcome};
use ordalia_node::{Act, ActKind, Effects, Stat, Value};
use serde_json::json;

use super::NOTES;
use crate::bugs::Bug;
use crate::options::{PERIODS_MS, Settings};
use crate::{SensorBarrier, paths};

/// How long a measurement takes, in ms.
pub(crate) const PERIOD: &str = "sampling_period_ms";
/// Where means are posted.
pub(crate) const API_URL: &str = "api_url";
/// The longest address that is taken, in bytes.
const MAX_URL: usize = 2000;

/// What is in force.
#[derive(Debug)]
pub(crate) struct Config {
    period: Configuration<u64>,
    api: Configuration<String>,
    default_period_ms: u64,
    default_api: String,
}

impl Config {
    pub fn new(settings: &Settings, session: &mut Session) -> Self {
        let is_lax = settings.bugs.has(Bug::AnyConfig);
        let period = if is_lax { any_period } else { period };
        Self {
            period: Configuration::new(paths::config(PERIOD), period, session),
            api: Configuration::new(paths::config(API_URL), url, session),
            default_period_ms: settings.period_ms,
            default_api: settings.api_url.clone(),
        }
    }

    /// Goes on in a new session.
    pub fn renew(&mut self, session: &mut Session) {
        self.period.renew(session);
        self.api.renew(session);
    }

    /// How long a measurement takes, in ms.
    pub fn period_ms(&self) -> u64 {
        self.period.value().copied().unwrap_or(self.default_period_ms)
    }

    /// Where posts go.
    pub fn api_url(&self) -> &str {
        self.api.value().unwrap_or(&self.default_api)
    }

    /// Takes note of what befell. True if there is another period.
    pub fn on(
        &mut self,
        happening: &Happening,
        sensor: &str,
        session: &mut Session,
        out: &mut Effects<SensorBarrier>,
    ) -> bool {
        let api = self.api.on(happening, session);
        let url = self.api.value().cloned().map(Value::from);
        tell(API_URL, api, url, sensor, out);
        let period = self.period.on(happening, session);
        let is_new = matches!(period, Some(ConfigurationOutcome::InForce(_)));
        tell(PERIOD, period, self.period.value().copied().map(Value::from), sensor, out);
        is_new
    }
}

/// Tells the history and the log.
fn tell(
    name: &'static str,
    outcome: Option<ConfigurationOutcome>,
    in_force: Option<Value>,
    sensor: &str,
    out: &mut Effects<SensorBarrier>,
) {
    let told = |value: &Value, stat: Stat| json!({"sensor": sensor, "name": name, "value": value, "version": stat.version});
    match outcome {
        None => {}
        Some(ConfigurationOutcome::InForce(stat)) => {
            let value = in_force.unwrap_or_default();
            out.act(Act::new(NOTES, ActKind::Ok, "configured", told(&value, stat)));
        }
        Some(ConfigurationOutcome::Malformed { stat, value, text }) => {
            out.trace("refuse-setting", format!("{name}: {text}; what was in force stays"));
            let value = told(&value, stat);
            out.act(Act::new(NOTES, ActKind::Invoke, "configured", value.clone()));
            out.act(Act::new(NOTES, ActKind::Fail, "configured", value).because("malformed", text));
        }
    }
}

fn period(value: &Value) -> Result<u64, String> {
    value.as_u64().filter(|period| PERIODS_MS.contains(period)).ok_or_else(|| {
        let (least, most) = PERIODS_MS.into_inner();
        format!("expected a whole number from {least} to {most}, found {value}")
    })
}

/// A planted defect: whatever is there is taken, with a default for what is no number.
#[expect(clippy::unnecessary_wraps, reason = "it stands where one that refuses should")]
fn any_period(value: &Value) -> Result<u64, String> {
    Ok(value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(1000).clamp(0, 60_000))
}

fn url(value: &Value) -> Result<String, String> {
    let url = value.as_str().filter(|url| url.len() <= MAX_URL && url.bytes().all(|b| b.is_ascii_graphic()));
    let host = |url: &str| {
        let rest = url.strip_prefix("http://")?;
        let host = rest.split(['/', '?', '#']).next()?;
        let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
        let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        (!name.is_empty() && is_port).then_some(())
    };
    match url.filter(|url| host(url).is_some()) {
        Some(url) => Ok(url.to_owned()),
        None => Err(format!("expected an address such as http://host:8080/means, found {value}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_whole_numbers_within_bounds() {
        assert_eq!(period(&json!(10)), Ok(10));
        assert_eq!(period(&json!(60_000)), Ok(60_000));
        for wrong in [json!(9), json!(60_001), json!(-10), json!(10.5), json!("500"), Value::Null, json!([])]
        {
            assert!(period(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_http() {
        for right in ["http://api", "http://api/means", "http://10.0.0.1:8080/means?x=1", "http://h"] {
            assert_eq!(url(&json!(right)), Ok(right.to_owned()));
        }
        for wrong in
            ["", "http://", "http:///means", "ftp://h", "http://h:0/", "http://h:x", "http://a b", "h"]
        {
            assert!(url(&json!(wrong)).is_err(), "{wrong}");
        }
        assert!(url(&json!(8080)).is_err());
        assert!(url(&json!(format!("http://{}", "x".repeat(3000)))).is_err());
    }
}
