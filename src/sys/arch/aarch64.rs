use core::arch::naked_asm;

/// clone(2): the child begins at `entry(argument)` on `stack`; the parent gets its number or -errno. `word` is for what
/// the flags say: CLONE_PIDFD or CLONE_CHILD_CLEARTID.
///
/// # Safety
/// `stack` must be aligned to 16, grow downwards into memory that is the child's alone, and `entry` must not return.
#[unsafe(naked)]
pub(in crate::sys) unsafe extern "C" fn clone_onto(
    flags: usize,
    stack: *mut u8,
    word: *mut u32,
    entry: extern "C" fn(*mut ()) -> !,
    argument: *mut (),
) -> isize {
    // The kernel keeps every register but x0, in both processes. Arguments: flags, stack, parent_tid, tls, child_tid.
    naked_asm!(
        "mov x9, x3",
        "mov x10, x4",
        "mov x4, x2",
        "mov x3, xzr",
        "mov x8, #220",
        "svc #0",
        "cbnz x0, 1f",
        "mov x29, xzr",
        "mov x30, xzr",
        "mov x0, x10",
        "blr x9",
        "udf #0",
        "1: ret",
    )
}

/// Ends the process by a fault, which no filter can deny.
pub(in crate::sys) fn trap() -> ! {
    // SAFETY: the instruction does not return.
    unsafe { core::arch::asm!("udf #0", options(noreturn)) }
}
