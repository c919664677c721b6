//! The console: pages in a browser over what the server knows. Server-rendered; scripts make it quicker, never needed for reading.
//!
//! Second floor, on `server`, `accounts` and `store`. A page is a function of rows to markup without input or output; handlers fetch the
//! rows and are the only part that waits. No inline style and no inline script anywhere: the content policy forbids both.

mod access;
mod account;
pub mod assets;
mod devices;
mod findings;
mod list;
mod login;
mod models;
mod names;
mod overview;
mod panel;
mod problems;
mod programs;
mod records;
mod severity;
mod shell;
#[cfg(test)]
mod tests;
mod time;
mod web;
mod words;

/// Every route of the console with who may use it, and how problems look to browsers.
pub fn routes() -> server::Routes {
    web::routes()
}
