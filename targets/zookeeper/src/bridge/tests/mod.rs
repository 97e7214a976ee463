//! The bridge on an ensemble that loses replies.

mod fake;
mod once;
mod wire;
