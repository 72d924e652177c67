//! What differs from CPU to CPU and cannot be said in Rust: a clone whose child begins on another stack, and a fault.

#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
#[cfg_attr(target_arch = "riscv64", path = "riscv64.rs")]
#[cfg_attr(target_arch = "arm", path = "arm.rs")]
mod cpu;

pub(super) use cpu::{clone_onto, trap};
