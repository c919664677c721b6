//! Whole-product scenarios: the built binary against real runtimes, real agents and hostile trees.
