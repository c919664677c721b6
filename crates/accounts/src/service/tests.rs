//! The service on a real database.
