//! Measures at scale; run by hand.
