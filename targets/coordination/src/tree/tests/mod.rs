//! The tree on its own, and beside a naive model of it.

mod cases;
mod model;
mod properties;
