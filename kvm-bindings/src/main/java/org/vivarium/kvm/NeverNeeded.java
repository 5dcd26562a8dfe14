package org.vivarium.kvm;

import java.util.List;
import org.vivarium.kvm.ffi.Linux;

/** The system calls that no process of a machine has a use for, and an intruder would have. */
final class NeverNeeded {
  private NeverNeeded() {}

  static List<Integer> numbers() {
    return List.of(
        // What is mounted where.
        Linux.SYS_mount(),
        Linux.SYS_umount2(),
        Linux.SYS_pivot_root(),
        Linux.SYS_chroot(),
        Linux.SYS_fsopen(),
        Linux.SYS_fsconfig(),
        Linux.SYS_fsmount(),
        Linux.SYS_fspick(),
        Linux.SYS_open_tree(),
        Linux.SYS_move_mount(),
        Linux.SYS_mount_setattr(),
        Linux.SYS_quotactl(),
        Linux.SYS_quotactl_fd(),
        Linux.SYS_swapon(),
        Linux.SYS_swapoff(),
        Linux.SYS_acct(),
        // Files by another way than their path, and nodes of devices.
        Linux.SYS_open_by_handle_at(),
        Linux.SYS_name_to_handle_at(),
        Linux.SYS_mknod(),
        Linux.SYS_mknodat(),
        Linux.SYS_fanotify_init(),
        // The kernel and the computer.
        Linux.SYS_init_module(),
        Linux.SYS_finit_module(),
        Linux.SYS_delete_module(),
        Linux.SYS_kexec_load(),
        Linux.SYS_kexec_file_load(),
        Linux.SYS_reboot(),
        Linux.SYS_sethostname(),
        Linux.SYS_setdomainname(),
        Linux.SYS_settimeofday(),
        Linux.SYS_clock_settime(),
        Linux.SYS_clock_adjtime(),
        Linux.SYS_adjtimex(),
        Linux.SYS_iopl(),
        Linux.SYS_ioperm(),
        Linux.SYS_modify_ldt(),
        Linux.SYS_vhangup(),
        Linux.SYS_syslog(),
        Linux.SYS_personality(),
        // Other processes.
        Linux.SYS_ptrace(),
        Linux.SYS_process_vm_readv(),
        Linux.SYS_process_vm_writev(),
        Linux.SYS_process_madvise(),
        Linux.SYS_kcmp(),
        Linux.SYS_pidfd_getfd(),
        Linux.SYS_migrate_pages(),
        Linux.SYS_move_pages(),
        Linux.SYS_unshare(),
        Linux.SYS_setns(),
        // Large parts of the kernel that have had many holes.
        Linux.SYS_bpf(),
        Linux.SYS_perf_event_open(),
        Linux.SYS_userfaultfd(),
        Linux.SYS_keyctl(),
        Linux.SYS_add_key(),
        Linux.SYS_request_key(),
        // What is left of old times.
        Linux.SYS_uselib(),
        Linux.SYS_ustat(),
        Linux.SYS_sysfs(),
        Linux.SYS__sysctl(),
        Linux.SYS_nfsservctl(),
        Linux.SYS_lookup_dcookie());
  }
}
