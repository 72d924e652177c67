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
    // The kernel keeps every register but rax, rcx and r11, in both processes.
    naked_asm!(
        "mov r10, rdx",
        "mov r9, rcx",
        "mov eax, 56",
        "syscall",
        "test eax, eax",
        "jnz 1f",
        "xor ebp, ebp",
        "mov rdi, r8",
        "call r9",
        "ud2",
        "1: ret",
    )
}

/// Ends the process by a fault, which no filter can deny.
pub(in crate::sys) fn trap() -> ! {
    // SAFETY: the instruction does not return.
    unsafe { core::arch::asm!("ud2", options(noreturn)) }
}
