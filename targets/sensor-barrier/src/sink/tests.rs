use super::*;

fn body() -> Value {
    json!({"round": 3, "mean": 20.5, "epoch": 17, "sensor": "n4", "id": "3"})
}

fn post(sink: &mut Sink, path: &str, body: &Value, mut dice: u64) -> OutsideReply {
    // Splitmix, so that each throw says nothing of the next.
    sink.post(0, path, body, &mut || {
        dice = dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (dice ^ (dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 31)
    })
}

#[test]
fn an_id_is_recorded_once_and_answered_always() {
    let mut sink = Sink::new("ok");
    for first in [true, false, false] {
        let reply = post(&mut sink, "/means", &body(), 0);
        assert_eq!(reply.status, Some(200));
        assert_eq!(reply.acts[0].value["first"], first);
        assert_eq!((&reply.acts[0].value["round"], reply.acts[0].f), (&json!(3), "posted"));
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let mut sink = Sink::new("ok");
    for (member, value) in [
        ("round", json!(-1)),
        ("mean", json!("20")),
        ("mean", Value::Null),
        ("epoch", Value::Null),
        ("sensor", json!("anybody")),
        ("id", json!("")),
        ("id", json!("x".repeat(65))),
    ] {
        let mut body = body();
        body[member] = value;
        let reply = post(&mut sink, "/means", &body, 0);
        assert_eq!((reply.status, reply.acts.len()), (Some(400), 0), "{member}");
    }
    assert_eq!(post(&mut sink, "/means", &json!([1]), 0).status, Some(400));
    assert_eq!(post(&mut sink, "/meaning", &body(), 0).status, Some(404));
    assert_eq!(post(&mut sink, "/means/2?x=y", &body(), 0).status, Some(200));
}

#[test]
fn each_mode_ails_in_its_way() {
    let statuses = |mode: &str| {
        let mut sink = Sink::new(mode);
        let mut seen = BTreeSet::new();
        for dice in 0..300 {
            let reply = post(&mut sink, "/means", &body(), dice * 7919 + 1);
            let is_late = reply.after > Duration::from_millis(10);
            assert!(reply.status != Some(500) || reply.acts.is_empty());
            seen.insert((reply.status, is_late, !reply.acts.is_empty()));
        }
        seen
    };
    let well = (Some(200), false, true);
    assert_eq!(statuses("ok"), BTreeSet::from([well]));
    assert_eq!(statuses("slow"), BTreeSet::from([well, (Some(200), true, true)]));
    assert_eq!(statuses("errors"), BTreeSet::from([well, (Some(500), false, false)]));
    assert_eq!(statuses("breaks"), BTreeSet::from([well, (None, false, false), (None, false, true)]));
    assert_eq!(statuses("mixed").len(), 5);
}
