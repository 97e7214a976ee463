//! Sequential specifications, one a file.

mod register;

pub use register::{Register, RegisterOp};
