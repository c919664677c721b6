//! The server over HTTP, on a real database.

mod access;
mod control;
mod inventory;
mod requests;
mod sensors;
mod serving;
mod table;
