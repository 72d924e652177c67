//! A pair of sockets for records: who reads learns which process wrote, as the reader's PID namespace has it, and may
//! be given a descriptor.

use super::fd::{Fd, Pipe};
use super::process::Pid;
use super::{Result, call, done};
use core::ffi::c_void;
use core::mem::zeroed;
use core::ptr::null_mut;
use linux_raw_sys::{general as kernel, net};

/// Descriptors that are given close on exec (recvmsg(2)); the crate has no name for it.
const MSG_CMSG_CLOEXEC: u32 = 0x4000_0000;
/// What comes beside is descriptors (unix(7)); nor for this.
const SCM_RIGHTS: i32 = 1;

/// Two connected sockets that close on exec. What is written to one end comes out of the other.
///
/// # Errors
/// EMFILE, ENFILE; see socketpair(2).
pub fn pair() -> Result<Pipe> {
    let mut ends = [0_i32; 2];
    // SAFETY: `ends` has room for the two numbers.
    unsafe { done!(socketpair, net::AF_UNIX, net::SOCK_STREAM | kernel::O_CLOEXEC, 0, &raw mut ends) }?;
    let [read, write] = ends;
    Ok(Pipe { read: Fd::from_kernel(read as u32), write: Fd::from_kernel(write as u32) })
}

/// Has the kernel say with all that comes out of this end which process wrote it (SO_PASSCRED, unix(7)).
///
/// # Errors
/// None that is known.
pub fn name_writers(reader: &Fd) -> Result<()> {
    let on = 1_i32;
    // SAFETY: `on` is valid for reads of its size.
    unsafe { done!(setsockopt, reader.number(), net::SOL_SOCKET, net::SO_PASSCRED, &raw const on, size_of::<i32>()) }
}

/// What comes beside the bytes, with [`name_writers`]: first who wrote them, then a descriptor, if there is one. The
/// kernel aligns the parts as C does.
#[repr(C)]
struct Beside {
    writer: net::cmsghdr,
    credentials: net::ucred,
    rights: net::cmsghdr,
    descriptor: i32,
}

/// What was read.
pub struct Received {
    /// How many bytes; 0 at the end.
    pub length: usize,
    /// Who wrote them; 0 where that was not asked for.
    pub writer: Pid,
    /// The descriptor that came with them, or none.
    pub descriptor: Fd,
}

/// Waits for bytes and reads them.
///
/// # Errors
/// See recvmsg(2).
pub fn receive(reader: &Fd, bytes: &mut [u8]) -> Result<Received> {
    // SAFETY: the structure is plain numbers, for which zero is a value.
    let mut beside: Beside = unsafe { zeroed() };
    beside.descriptor = Fd::NONE.number();
    let mut vector = kernel::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() as _ };
    let mut message = message(&mut vector, (&raw mut beside).cast(), size_of::<Beside>());
    let flags = MSG_CMSG_CLOEXEC | net::MSG_WAITALL;
    // SAFETY: `message` leads to `bytes` and `beside`, each valid for writes of the size that is given.
    let length = unsafe { call!(recvmsg, reader.number(), &raw mut message, flags) }?;
    let (writer, descriptor) = (beside.credentials.pid as Pid, Fd::from_kernel(beside.descriptor as u32));
    Ok(Received { length, writer, descriptor })
}

/// A message whose parts are elsewhere.
fn message(vector: &mut kernel::iovec, beside: *mut c_void, size: usize) -> net::msghdr {
    net::msghdr {
        msg_name: null_mut(),
        msg_namelen: 0,
        msg_iov: (&raw mut *vector).cast(),
        msg_iovlen: 1,
        msg_control: beside.cast(),
        msg_controllen: size as _,
        msg_flags: 0,
    }
}

/// A descriptor that goes with a message.
#[repr(C)]
struct Rights {
    header: net::cmsghdr,
    descriptor: i32,
}

/// Sends bytes and a descriptor.
///
/// # Errors
/// See sendmsg(2).
pub fn send(writer: &Fd, bytes: &[u8], descriptor: &Fd) -> Result<()> {
    let header = net::cmsghdr {
        cmsg_len: (size_of::<net::cmsghdr>() + size_of::<i32>()) as _,
        cmsg_level: net::SOL_SOCKET as _,
        cmsg_type: SCM_RIGHTS,
    };
    let mut rights = Rights { header, descriptor: descriptor.number() };
    let mut vector = kernel::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() as _ };
    let message = message(&mut vector, (&raw mut rights).cast(), size_of::<Rights>());
    // SAFETY: `message` leads to `bytes` and `rights`, which are only read.
    unsafe { done!(sendmsg, writer.number(), &raw const message, 0) }
}
