//! The lists: which calls each preset refuses, and why. A name that a CPU does not have is left out there.

use super::assembler::{Instruction, Program, assemble, last};
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

/// What `strict` adds: the ways to a new namespace with all capabilities in it, which is where
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

/// More room than any CPU's presets need; only the compiler has it.
const ROOM: usize = 256;

/// The presets of a CPU, assembled by the compiler: a run without RULES only hands a constant to the kernel.
pub(super) struct Presets<C>(PhantomData<C>);

impl<C: Cpu> Presets<C> {
    const DEFAULT_VERDICTS: &'static Verdicts = &Verdicts::allowing::<C>().with::<C>(DEFAULT);
    const STRICT_VERDICTS: &'static Verdicts = &Verdicts::PASSING.with::<C>(STRICT);
    const ROOMY_DEFAULT: Program<ROOM> = Self::assembled(&[Self::DEFAULT_VERDICTS]);
    const ROOMY_STRICT: Program<ROOM> = Self::assembled(&[Self::DEFAULT_VERDICTS, Self::STRICT_VERDICTS]);

    /// `strict`, ready: what it adds, and then `default`, which hence takes no room of its own.
    pub(super) const STRICT: &'static [Instruction] = C::PRESETS;
    /// `default`, ready.
    pub(super) const DEFAULT: &'static [Instruction] = last(C::PRESETS, Self::ROOMY_DEFAULT.instructions().len());

    #[allow(clippy::panic, reason = "evaluated by the compiler alone: a build that fails, not a run")]
    const fn assembled(filters: &[&Verdicts]) -> Program<ROOM> {
        match assemble::<C, ROOM>(filters) {
            Some(program) => program,
            None => panic!("raise ROOM"),
        }
    }
}

/// The length of [`presets`].
pub const fn presets_length<C: Cpu>() -> usize {
    Presets::<C>::ROOMY_STRICT.instructions().len()
}

/// Both presets without idle room, for [`Cpu::PRESETS`]: only a CPU itself can name the length of an array of its own.
pub const fn presets<C: Cpu, const LENGTH: usize>() -> [Instruction; LENGTH] {
    let mut presets = [Instruction::new(0, 0, 0, 0); LENGTH];
    presets.copy_from_slice(Presets::<C>::ROOMY_STRICT.instructions());
    presets
}
