use core::arch::naked_asm;

/// clone(2): the child begins at `entry(argument)` on `stack`; the parent gets its number or -errno. `word` is for what
/// the flags say: CLONE_PIDFD or CLONE_CHILD_CLEARTID.
///
/// # Safety
/// `stack` must be aligned to 8, grow downwards into memory that is the child's alone, and `entry` must not return.
#[unsafe(naked)]
pub(in crate::sys) unsafe extern "C" fn clone_onto(
    flags: usize,
    stack: *mut u8,
    word: *mut u32,
    entry: extern "C" fn(*mut ()) -> !,
    argument: *mut (),
) -> isize {
    // The kernel keeps every register but r0, in both processes. Arguments: flags, stack, parent_tid, tls, child_tid.
    // r7 holds the call's number and may be the frame pointer of the caller, so it is put back in the parent.
    naked_asm!(
        "push {{r4, r5, r6, r7}}",
        "mov r5, r3",
        "ldr r6, [sp, #16]",
        "mov r4, r2",
        "mov r3, #0",
        "mov r7, #120",
        "svc #0",
        "cmp r0, #0",
        "bne 1f",
        "mov fp, #0",
        "mov lr, #0",
        "mov r0, r6",
        "blx r5",
        "udf #0",
        "1: pop {{r4, r5, r6, r7}}",
        "bx lr",
    )
}

/// Ends the process by a fault, which no filter can deny.
pub(in crate::sys) fn trap() -> ! {
    // SAFETY: the instruction does not return.
    unsafe { core::arch::asm!("udf #0", options(noreturn)) }
}
