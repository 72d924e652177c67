//! The way in: the first instruction on each CPU, and what a program without a standard library has to bring itself.
//! Everything else is in the library.
#![no_std]
#![no_main]

mod mem;

/// The first instruction. The kernel leaves argc, argv, envp and the auxiliary vector on the stack; they go to
/// [`start`], on a stack aligned as the ABI wants it.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    #[cfg(target_arch = "x86_64")]
    core::arch::naked_asm!("xor ebp, ebp", "mov rdi, rsp", "and rsp, -16", "call {start}", "ud2", start = sym start);
    #[cfg(target_arch = "aarch64")]
    core::arch::naked_asm!("mov x29, xzr", "mov x30, xzr", "mov x0, sp", "bl {start}", "udf #0", start = sym start);
    #[cfg(target_arch = "riscv64")]
    core::arch::naked_asm!(
        ".option push", ".option norelax", "lla gp, __global_pointer$", ".option pop",
        "mv a0, sp", "andi sp, sp, -16", "call {start}", "unimp", start = sym start);
    #[cfg(target_arch = "arm")]
    core::arch::naked_asm!("mov fp, #0", "mov lr, #0", "mov r0, sp", "bic sp, sp, #7", "bl {start}", "udf #0",
        start = sym start);
}

/// From here on it is Rust.
extern "C" fn start(stack: *const usize) -> ! {
    // SAFETY: `stack` is the stack pointer as the kernel left it, and this is its only use.
    let process = unsafe { engine::sys::start::Start::from_stack(stack) };
    engine::run(process)
}

/// A fault of engine's own. Nothing in it is known to work any more, so it ends at once.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    engine::sys::process::abort()
}

/// Named by the core library that comes compiled; never called, since a panic does not unwind here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
