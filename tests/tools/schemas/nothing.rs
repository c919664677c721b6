//! Nothing: this package is here for what its dependencies carry.
