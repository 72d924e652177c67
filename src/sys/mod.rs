//! The kernel as engine sees it.

pub mod numbers;
