//! Model stores, built as their tools build them, in every layout of the catalogue; and as an attacker would.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this is all test, also what stands outside of a test function"
)]

mod fixture;
mod hostile;
mod layouts;
mod particulars;
mod roots;
