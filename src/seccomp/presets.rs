//! The lists: which calls each preset refuses, and why. A name that a CPU does not have is left out there.

use super::assembler::{Instruction, Program, assemble};
use super::cpu::Cpu;
use super::verdicts::{Row, Verdict, Verdicts};
use core::marker::PhantomData;

/// What namespaces do not contain: it reaches the whole machine, or it is a part of the kernel where holes are found
/// again and again and that few programs need. EPERM is docker's answer, too.
pub(super) const DEFAULT: &[Row] = &[
    // keyrings(7): a session's keys would be the same inside.
    (Verdict::Refuse, &["add_key", "request_key", "keyctl"]),
    // Programs that run in the kernel, and looking into it.
    (Verdict::Refuse, &["bpf", "perf_event_open", "lookup_dcookie", "syslog"]),
    // Kernels and their modules. get_kernel_syms(2) is the third of the calls that Linux 2.6 took away.
    (Verdict::Refuse, &["kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module"]),
    (Verdict::Refuse, &["create_module", "query_module", "get_kernel_syms"]),
    // Files by handle: past every mount and directory (the "shocker" exploit of docker, 2014).
    (Verdict::Refuse, &["open_by_handle_at"]),
    // userfaultfd(2) lets a fault in the kernel wait for as long as an exploit needs; io_uring(7) is a second door to
    // many calls, past this filter.
    (Verdict::Refuse, &["userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register"]),
    // The machine's accounting, quotas, swap, power, and who watches its files.
    (Verdict::Refuse, &["acct", "quotactl", "quotactl_fd", "swapon", "swapoff", "reboot", "fanotify_init"]),
    // The machine's clock; the 64 are what 32-bit CPUs call now.
    (Verdict::Refuse, &["settimeofday", "clock_settime", "clock_adjtime", "clock_settime64", "clock_adjtime64"]),
    // The machine's ports; segments of the 16-bit age; the terminal under other users of it; pages of other processes.
    (Verdict::Refuse, &["iopl", "ioperm", "modify_ldt", "vhangup", "move_pages", "migrate_pages"]),
    // What nobody needs any more.
    (Verdict::Refuse, &["nfsservctl", "uselib"]),
    // TIOCSTI and TIOCLINUX type into the terminal that engine was started from (CVE-2017-5226 of bubblewrap).
    (Verdict::CheckRequest, &["ioctl"]),
    // AF_VSOCK reaches the hypervisor and its guests from any network namespace; AF_ALG is a wide way into the kernel.
    (Verdict::CheckFamily, &["socket"]),
];

/// What [`Base::Strict`](super::Base) adds: the ways to a new namespace with all capabilities in it, which is where
/// most local exploits begin; mounting; and other processes.
pub(super) const STRICT: &[Row] = &[
    (Verdict::Refuse, &["unshare", "setns", "mount", "umount2", "pivot_root", "chroot"]),
    (Verdict::Refuse, &["open_tree", "open_tree_attr", "move_mount", "mount_setattr"]),
    (Verdict::Refuse, &["fsopen", "fsconfig", "fsmount", "fspick"]),
    // The others need the same right over a process as ptrace(2), and give memory, descriptors and kernel addresses'
    // order of it; docker keeps them together under CAP_SYS_PTRACE.
    (Verdict::Refuse, &["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"]),
    (Verdict::CheckClone, &["clone"]),
    // Its flags are in memory, where no filter can look: as if the kernel were too old, so that libcs take clone(2).
    (Verdict::Missing, &["clone3"]),
];

/// Room for each preset, of any CPU. What is not used lies idle in the file, eight bytes each.
const DEFAULT_ROOM: usize = 66;
/// The same for `strict`.
const STRICT_ROOM: usize = 86;

/// The presets of a CPU, assembled by the compiler: a run only hands a constant to the kernel.
pub(super) struct Presets<C>(PhantomData<C>);

impl<C: Cpu> Presets<C> {
    /// What `default` says to each call.
    pub(super) const DEFAULT_VERDICTS: &'static Verdicts = &Verdicts::allowing::<C>().with::<C>(DEFAULT);
    /// What `strict` says to each call.
    pub(super) const STRICT_VERDICTS: &'static Verdicts = &Self::DEFAULT_VERDICTS.with::<C>(STRICT);
    /// `default`, ready.
    pub(super) const DEFAULT: &'static [Instruction] =
        const { &Self::assembled::<DEFAULT_ROOM>(Self::DEFAULT_VERDICTS) }.instructions();
    /// `strict`, ready.
    pub(super) const STRICT: &'static [Instruction] =
        const { &Self::assembled::<STRICT_ROOM>(Self::STRICT_VERDICTS) }.instructions();

    #[allow(clippy::panic, reason = "evaluated by the compiler alone: a build that fails, not a run")]
    const fn assembled<const ROOM: usize>(verdicts: &Verdicts) -> Program<ROOM> {
        match assemble::<C, ROOM>(verdicts) {
            Some(program) => program,
            None => panic!("raise its ROOM"),
        }
    }
}
