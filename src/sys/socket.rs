//! A pair of sockets: a pipe that also carries a descriptor, and says who wrote, whatever PID namespace that one is in.

use super::fd::Fd;
use super::process::Pid;
use super::{Result, call, done};
use core::ptr::null_mut;
use linux_raw_sys::{general, net};

/// Two connected sockets that keep messages apart and close on exec. What the first receives says who sent it.
///
/// # Errors
/// EMFILE, ENFILE, EAFNOSUPPORT; see socketpair(2).
pub fn pair() -> Result<(Fd, Fd)> {
    let mut ends = [0_i32; 2];
    // SAFETY: `ends` has room for the two numbers.
    unsafe { done!(socketpair, net::AF_UNIX, net::SOCK_SEQPACKET | general::O_CLOEXEC, 0, &raw mut ends) }?;
    let [first, second] = ends.map(|number| Fd::from_kernel(number as usize));
    let on = 1_i32;
    // SAFETY: `on` is valid for reads of its size.
    unsafe { done!(setsockopt, first.number(), net::SOL_SOCKET, net::SO_PASSCRED, &raw const on, size_of_val(&on)) }?;
    Ok((first, second))
}

/// A control message (unix(7), cmsg(3)): the number of a descriptor, or a process with its user and group.
#[repr(C)]
struct Control {
    head: net::cmsghdr,
    numbers: [i32; 3],
}

/// The control messages of whatever arrives: the kernel puts the sender first, then the descriptor.
#[repr(C)]
struct Arriving {
    sender: Control,
    descriptor: Control,
}

/// The kernel's structure for a message of these bytes, with these control messages.
fn message(piece: &mut general::iovec, control: *mut u8, length: usize) -> net::msghdr {
    net::msghdr {
        msg_name: null_mut(),
        msg_namelen: 0,
        msg_iov: (&raw mut *piece).cast(),
        msg_iovlen: 1,
        msg_control: control.cast(),
        msg_controllen: length as _,
        msg_flags: 0,
    }
}

/// Sends a message and a descriptor along with it.
///
/// # Errors
/// EPIPE; see sendmsg(2).
pub fn send(socket: &Fd, bytes: &mut [u8], descriptor: &Fd) -> Result<()> {
    let length = size_of::<net::cmsghdr>() + size_of::<i32>();
    let head = net::cmsghdr {
        cmsg_len: length as _,
        cmsg_level: net::SOL_SOCKET as i32,
        cmsg_type: net::SCM_RIGHTS as i32,
    };
    let mut control = Control { head, numbers: [descriptor.number(), 0, 0] };
    let mut piece = general::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() as _ };
    let message = message(&mut piece, (&raw mut control).cast(), length);
    // SAFETY: `message` leads to bytes and a control message that live until the call returns.
    unsafe { done!(sendmsg, socket.number(), &raw const message, net::MSG_NOSIGNAL) }
}

/// A message that has arrived.
pub struct Received {
    /// How long it is; 0: the other end is gone.
    pub count: usize,
    /// Who sent it, as the receiver numbers processes.
    pub sender: Pid,
    /// The descriptor that came along.
    pub descriptor: Option<Fd>,
}

/// Receives a message at the first of a [`pair`], without waiting for one.
///
/// # Errors
/// EAGAIN where there is none; see recvmsg(2).
pub fn receive(socket: &Fd, bytes: &mut [u8]) -> Result<Received> {
    // SAFETY: the structures are plain numbers, for which zero is a value.
    let mut control: Arriving = unsafe { core::mem::zeroed() };
    let mut piece = general::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() as _ };
    let mut message = message(&mut piece, (&raw mut control).cast(), size_of::<Arriving>());
    let flags = net::MSG_CMSG_CLOEXEC | net::MSG_DONTWAIT;
    // SAFETY: `message` leads to memory that is valid for writes of the sizes that it names.
    let count = unsafe { call!(recvmsg, socket.number(), &raw mut message, flags) }?;
    let [sender, ..] = control.sender.numbers;
    let [descriptor, ..] = control.descriptor.numbers;
    let came = control.descriptor.head.cmsg_type == net::SCM_RIGHTS as i32;
    Ok(Received { count, sender, descriptor: came.then(|| Fd::from_kernel(descriptor as usize)) })
}
