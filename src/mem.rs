//! The four functions that compiled code takes for granted and a C library would bring.
//!
//! They are loops over bytes or words; the copies of this program are small. `compiler_builtins` has the same ones, but
//! not in the shape of it that the gnu targets ship.

/// Copies `count` bytes between areas that do not overlap.
///
/// # Safety
/// As memcpy(3).
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(target: *mut u8, source: *const u8, count: usize) -> *mut u8 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the caller vouches for both areas; the direction flag is clear by the ABI.
    unsafe {
        core::arch::asm!("rep movsb", inout("rcx") count => _, inout("rdi") target => _, inout("rsi") source => _,
            options(nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "x86_64"))]
    for index in 0..count {
        // SAFETY: the caller vouches for `count` bytes at both; volatile keeps the loop from becoming a call of itself.
        unsafe { target.add(index).write_volatile(*source.add(index)) };
    }
    target
}

/// Copies `count` bytes between areas that may overlap.
///
/// # Safety
/// As memmove(3).
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(target: *mut u8, source: *const u8, count: usize) -> *mut u8 {
    if (target as usize).wrapping_sub(source as usize) >= count {
        // SAFETY: copying upwards never reads what it has written, since the target does not begin inside the source.
        return unsafe { memcpy(target, source, count) };
    }
    for index in (0..count).rev() {
        // SAFETY: the caller vouches for `count` bytes at both; downwards never reads what it has written.
        unsafe { target.add(index).write_volatile(*source.add(index)) };
    }
    target
}

/// Fills `count` bytes with `value`.
///
/// # Safety
/// As memset(3).
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(target: *mut u8, value: i32, count: usize) -> *mut u8 {
    let byte = value.to_le_bytes()[0];
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the caller vouches for the area; the direction flag is clear by the ABI.
    unsafe {
        core::arch::asm!("rep stosb", inout("rcx") count => _, inout("rdi") target => _, in("al") byte,
            options(nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "x86_64"))]
    for index in 0..count {
        // SAFETY: the caller vouches for `count` bytes; volatile keeps the loop from becoming a call of itself.
        unsafe { target.add(index).write_volatile(byte) };
    }
    target
}

/// Compares `count` bytes.
///
/// # Safety
/// As memcmp(3).
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    for index in 0..count {
        // SAFETY: the caller vouches for `count` bytes at both; volatile keeps the loop from becoming a call of itself.
        let (l, r) = unsafe { (left.add(index).read_volatile(), right.add(index).read_volatile()) };
        if l != r {
            return i32::from(l) - i32::from(r);
        }
    }
    0
}

/// Compares `count` bytes for equality only.
///
/// # Safety
/// As bcmp(3).
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: the same contract.
    unsafe { memcmp(left, right, count) }
}

/// The length of a NUL-terminated text.
///
/// # Safety
/// As strlen(3).
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut length = 0;
    // SAFETY: the caller vouches for every byte up to the NUL; volatile keeps the loop from becoming a call of itself.
    while unsafe { text.add(length).read_volatile() } != 0 {
        length += 1;
    }
    length
}
