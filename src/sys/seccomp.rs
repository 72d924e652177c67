//! Installing a filter of system calls (seccomp(2)). What is in it, [`seccomp`](crate::seccomp) says.

use super::{Result, call};
use crate::seccomp::Instruction;

/// `SECCOMP_SET_MODE_FILTER` of linux/seccomp.h.
const SET_MODE_FILTER: u32 = 1;
/// `SECCOMP_FILTER_FLAG_SPEC_ALLOW` (Linux 4.17).
const FLAG_SPEC_ALLOW: u32 = 1 << 2;

/// What a filter means for speculative execution. Before Linux 5.16 the kernel made filtered processes slow for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speculation {
    /// Nothing.
    Allowed,
    /// What the kernel was told to do.
    AsTheKernelHasIt,
}

/// `struct sock_fprog` of linux/filter.h.
#[repr(C)]
struct Program {
    length: u16,
    instructions: *const Instruction,
}

/// Installs a filter for the calling thread and all that comes of it, for ever.
///
/// # Errors
/// EACCES without no_new_privs and CAP_SYS_ADMIN, EINVAL for a program that the kernel does not take; ENOSYS or EINVAL
/// where it has no filters.
pub fn install(filter: &[Instruction], speculation: Speculation) -> Result<()> {
    let flags = if speculation == Speculation::Allowed { FLAG_SPEC_ALLOW } else { 0 };
    let program = Program { length: filter.len() as u16, instructions: filter.as_ptr() };
    // SAFETY: `program` has the kernel's layout and leads to as many instructions as it says, laid out like its own.
    unsafe { call!(seccomp, SET_MODE_FILTER, flags, &raw const program) }.map(drop)
}
