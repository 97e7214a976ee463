//! The bridge on an ensemble that loses replies, and its protocol.

mod fake;
mod golden;
mod once;
mod wire;
