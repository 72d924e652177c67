//! Network interfaces, by rtnetlink(7).

use super::{Result, call, done, open};
use crate::error::Errno;
use linux_raw_sys::{general as kernel, net, netlink};

/// A request to change an interface: a message of nothing but its two headers.
#[repr(C)]
struct ChangeLink {
    header: netlink::nlmsghdr,
    link: netlink::ifinfomsg,
}

/// What the kernel answers.
#[repr(C)]
struct Answer {
    header: netlink::nlmsghdr,
    error: i32,
    request: netlink::nlmsghdr,
}

/// The loopback interface is the first of every network namespace.
const LOOPBACK: i32 = 1;

/// Brings up the loopback interface of the caller's network namespace.
///
/// # Errors
/// EPERM without CAP_NET_ADMIN over it; EAFNOSUPPORT where the kernel has no netlink.
pub fn bring_up_loopback() -> Result<()> {
    let kind = net::SOCK_RAW | kernel::O_CLOEXEC;
    // SAFETY: no memory is involved.
    let socket = unsafe { open!(socket, net::AF_NETLINK, kind, netlink::NETLINK_ROUTE) }?;
    const UP: u32 = net::net_device_flags::IFF_UP as u32;
    static REQUEST: ChangeLink = ChangeLink {
        header: netlink::nlmsghdr {
            nlmsg_len: size_of::<ChangeLink>() as u32,
            nlmsg_type: netlink::RTM_NEWLINK as u16,
            nlmsg_flags: (netlink::NLM_F_REQUEST | netlink::NLM_F_ACK) as u16,
            nlmsg_seq: 0,
            nlmsg_pid: 0,
        },
        link: netlink::ifinfomsg {
            ifi_family: 0,
            __ifi_pad: 0,
            ifi_type: 0,
            ifi_index: LOOPBACK,
            ifi_flags: UP,
            ifi_change: UP,
        },
    };
    // SAFETY: `REQUEST` is valid for reads of its size; without an address it goes to the kernel.
    unsafe { done!(sendto, socket.number(), &raw const REQUEST, size_of::<ChangeLink>(), 0) }?;
    // SAFETY: the structure is plain numbers, for which zero is a value.
    let mut answer: Answer = unsafe { core::mem::zeroed() };
    // SAFETY: `answer` is valid for writes of its size; what does not fit is cut off, and not of interest.
    let length = unsafe { call!(recvfrom, socket.number(), &raw mut answer, size_of::<Answer>(), 0) }?;
    if length < size_of::<Answer>() || u32::from(answer.header.nlmsg_type) != netlink::NLMSG_ERROR {
        return Err(Errno::PROTO);
    }
    // A number like that of a system call: 0 or -errno.
    super::answer(answer.error as isize).map(drop)
}
