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
    // The kernel keeps every register but a0, in both processes. Arguments: flags, stack, parent_tid, tls, child_tid.
    naked_asm!(
        "mv t0, a3",
        "mv t1, a4",
        "mv a4, a2",
        "li a3, 0",
        "li a7, 220",
        "ecall",
        "bnez a0, 1f",
        "li s0, 0",
        "li ra, 0",
        "mv a0, t1",
        "jalr t0",
        "unimp",
        "1: ret",
    )
}

/// Ends the process by a fault, which no filter can deny.
pub(in crate::sys) fn trap() -> ! {
    // SAFETY: the instruction does not return.
    unsafe { core::arch::asm!("unimp", options(noreturn)) }
}
