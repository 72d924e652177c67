//! A pair of sockets: a pipe that also carries descriptors, and says who wrote.

use super::fd::Fd;
use super::process::Pid;
use super::{Result, call};
use core::ptr::null_mut;
use linux_raw_sys::{general, net};

/// Two connected sockets that keep messages apart and close on exec. What the first receives says who sent it.
///
/// # Errors
/// EMFILE, ENFILE, EAFNOSUPPORT; see socketpair(2).
pub fn pair() -> Result<(Fd, Fd)> {
    let mut ends = [0_i32; 2];
    let kind = net::SOCK_SEQPACKET | general::O_CLOEXEC;
    // SAFETY: `ends` has room for the two numbers.
    unsafe { call!(socketpair, net::AF_UNIX, kind, 0, &raw mut ends) }?;
    let [first, second] = ends.map(|number| Fd::from_kernel(number as usize));
    let on = 1_i32;
    let size = size_of_val(&on);
    // SAFETY: `on` is valid for reads of its size.
    unsafe { call!(setsockopt, first.number(), net::SOL_SOCKET, net::SO_PASSCRED, &raw const on, size) }?;
    Ok((first, second))
}

/// A control message with one descriptor in it (unix(7), cmsg(3)).
#[repr(C)]
struct Rights {
    head: net::cmsghdr,
    descriptor: i32,
}

/// What is in the control messages of whatever arrives: the kernel puts the sender first, then the descriptor.
#[repr(C)]
struct Control {
    head: net::cmsghdr,
    sender: net::ucred,
    rights: Rights,
}

/// Where bytes and control messages are. The kernel's structure, pointing at both.
fn message<T>(piece: &mut general::iovec, control: &mut T) -> net::msghdr {
    net::msghdr {
        msg_name: null_mut(),
        msg_namelen: 0,
        msg_iov: (&raw mut *piece).cast(),
        msg_iovlen: 1,
        msg_control: (&raw mut *control).cast(),
        msg_controllen: size_of::<T>() as _,
        msg_flags: 0,
    }
}

/// Sends a message and a descriptor with it.
///
/// # Errors
/// EPIPE; see sendmsg(2).
pub fn send(socket: &Fd, bytes: &mut [u8], descriptor: &Fd) -> Result<()> {
    let head = net::cmsghdr {
        cmsg_len: (core::mem::offset_of!(Rights, descriptor) + size_of::<i32>()) as _,
        cmsg_level: net::SOL_SOCKET as i32,
        cmsg_type: net::SCM_RIGHTS as i32,
    };
    let mut rights = Rights { head, descriptor: descriptor.number() };
    let mut piece = general::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() as _ };
    let message = message(&mut piece, &mut rights);
    // SAFETY: `message` leads to a buffer and a control message that both live until the call returns.
    unsafe { call!(sendmsg, socket.number(), &raw const message, net::MSG_NOSIGNAL) }.map(drop)
}

/// A message that has arrived.
pub struct Received {
    /// How long it is; 0: the other end is gone.
    pub count: usize,
    /// Who sent it, as the receiver numbers processes.
    pub sender: Pid,
    /// The descriptor in it.
    pub descriptor: Option<Fd>,
}

/// Receives a message from the second of a [`pair`], without waiting for one.
///
/// # Errors
/// EAGAIN where there is none; see recvmsg(2).
pub fn receive(socket: &Fd, bytes: &mut [u8]) -> Result<Received> {
    // SAFETY: the kernel's structures are plain numbers, for which zero is a value.
    let mut control: Control = unsafe { core::mem::zeroed() };
    let mut piece = general::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() as _ };
    let mut message = message(&mut piece, &mut control);
    let flags = net::MSG_CMSG_CLOEXEC | net::MSG_DONTWAIT;
    // SAFETY: `message` leads to buffers that are valid for writes of the sizes that it names.
    let count = unsafe { call!(recvmsg, socket.number(), &raw mut message, flags) }?;
    let complete = message.msg_controllen as usize > core::mem::offset_of!(Control, rights);
    let descriptor = complete && control.rights.head.cmsg_type == net::SCM_RIGHTS as i32;
    Ok(Received {
        count,
        sender: control.sender.pid as Pid,
        descriptor: descriptor.then(|| Fd::from_kernel(control.rights.descriptor as usize)),
    })
}
