package org.vivarium.kvm;

import java.util.Arrays;
import java.util.List;
import org.vivarium.kvm.ffi.Linux;

/**
 * The system calls that a process has a use for while it runs a guest by itself: the Java virtual
 * machine's, libc's (of several versions, so that more are here than one computer sees) and the
 * devices'. Nothing else is let through. By groups, for threads that need only some of them.
 */
enum StillNeeded {
  /** Memory. */
  MEMORY(
      Linux.SYS_brk(),
      Linux.SYS_mmap(),
      Linux.SYS_mprotect(),
      Linux.SYS_munmap(),
      Linux.SYS_mremap(),
      Linux.SYS_madvise(),
      Linux.SYS_mincore(),
      Linux.SYS_msync(),
      Linux.SYS_mlock(),
      Linux.SYS_munlock(),
      Linux.SYS_membarrier()),

  /** Threads; what one starts has its filter, too. */
  THREADS(
      Linux.SYS_clone(),
      Linux.SYS_clone3(),
      Linux.SYS_exit(),
      Linux.SYS_exit_group(),
      Linux.SYS_futex(),
      Linux.SYS_set_robust_list(),
      Linux.SYS_set_tid_address(),
      Linux.SYS_rseq(),
      Linux.SYS_arch_prctl(),
      Linux.SYS_prctl(),
      Linux.SYS_gettid(),
      Linux.SYS_getpid(),
      Linux.SYS_getppid(),
      Linux.SYS_sched_yield(),
      Linux.SYS_sched_getaffinity(),
      Linux.SYS_sched_setaffinity(),
      Linux.SYS_sched_getparam(),
      Linux.SYS_sched_getscheduler(),
      Linux.SYS_getcpu(),
      Linux.SYS_getpriority()),

  /** Signals. */
  SIGNALS(
      Linux.SYS_rt_sigaction(),
      Linux.SYS_rt_sigprocmask(),
      Linux.SYS_rt_sigreturn(),
      Linux.SYS_rt_sigpending(),
      Linux.SYS_rt_sigtimedwait(),
      Linux.SYS_sigaltstack(),
      Linux.SYS_restart_syscall(),
      Linux.SYS_pause(),
      Linux.SYS_wait4(),
      Linux.SYS_waitid()),

  /** Time. */
  TIME(
      Linux.SYS_clock_gettime(),
      Linux.SYS_clock_getres(),
      Linux.SYS_clock_nanosleep(),
      Linux.SYS_nanosleep(),
      Linux.SYS_gettimeofday(),
      Linux.SYS_time(),
      Linux.SYS_times()),

  /** Open files, and what is read of them; {@code write} also serves eventfds and logs. */
  READING(
      Linux.SYS_read(),
      Linux.SYS_write(),
      Linux.SYS_readv(),
      Linux.SYS_writev(),
      Linux.SYS_pread64(),
      Linux.SYS_preadv(),
      Linux.SYS_preadv2(),
      Linux.SYS_lseek(),
      Linux.SYS_close(),
      Linux.SYS_close_range(),
      Linux.SYS_fcntl(),
      Linux.SYS_ioctl(),
      Linux.SYS_fstat(),
      Linux.SYS_fstatfs(),
      Linux.SYS_getdents64(),
      // Listing a folder in Java begins with one.
      Linux.SYS_dup(),
      Linux.SYS_dup2(),
      Linux.SYS_dup3(),
      Linux.SYS_fadvise64()),

  /** The content of open files. */
  WRITING(
      Linux.SYS_pwrite64(),
      Linux.SYS_pwritev(),
      Linux.SYS_pwritev2(),
      Linux.SYS_fsync(),
      Linux.SYS_fdatasync(),
      Linux.SYS_sync_file_range(),
      Linux.SYS_ftruncate(),
      Linux.SYS_fallocate(),
      Linux.SYS_sendfile(),
      Linux.SYS_copy_file_range(),
      Linux.SYS_splice(),
      Linux.SYS_flock()),

  /** Paths that are opened and looked at; which ones, Landlock says. */
  LOOKING(
      Linux.SYS_open(),
      Linux.SYS_openat(),
      Linux.SYS_stat(),
      Linux.SYS_lstat(),
      Linux.SYS_newfstatat(),
      Linux.SYS_statx(),
      Linux.SYS_statfs(),
      Linux.SYS_access(),
      Linux.SYS_faccessat(),
      Linux.SYS_faccessat2(),
      Linux.SYS_readlink(),
      Linux.SYS_readlinkat(),
      Linux.SYS_getcwd()),

  /** Paths that are removed. */
  REMOVING(Linux.SYS_unlink(), Linux.SYS_unlinkat()),

  /** Paths that are made and changed. */
  CHANGING(
      Linux.SYS_creat(),
      Linux.SYS_mkdir(),
      Linux.SYS_mkdirat(),
      Linux.SYS_rmdir(),
      Linux.SYS_rename(),
      Linux.SYS_renameat(),
      Linux.SYS_renameat2(),
      Linux.SYS_truncate(),
      Linux.SYS_chmod(),
      Linux.SYS_fchmod(),
      Linux.SYS_fchmodat(),
      Linux.SYS_utime(),
      Linux.SYS_utimes(),
      Linux.SYS_utimensat(),
      Linux.SYS_umask()),

  /** Waiting, and what is waited for. */
  EVENTS(
      Linux.SYS_poll(),
      Linux.SYS_ppoll(),
      Linux.SYS_select(),
      Linux.SYS_pselect6(),
      Linux.SYS_epoll_ctl(),
      Linux.SYS_epoll_wait(),
      Linux.SYS_epoll_pwait(),
      Linux.SYS_epoll_pwait2(),
      Linux.SYS_eventfd(),
      Linux.SYS_eventfd2(),
      Linux.SYS_timerfd_create(),
      Linux.SYS_timerfd_settime(),
      Linux.SYS_timerfd_gettime()),

  /** Requests to rings that are there. */
  RINGS(Linux.SYS_io_uring_enter()),

  /** Other descriptors that are made. */
  DESCRIPTORS(
      Linux.SYS_pipe(),
      Linux.SYS_pipe2(),
      Linux.SYS_epoll_create(),
      Linux.SYS_epoll_create1(),
      Linux.SYS_inotify_init1(),
      Linux.SYS_inotify_add_watch(),
      Linux.SYS_inotify_rm_watch(),
      Linux.SYS_socketpair()),

  /** Sockets to those who listen, and what goes through them. */
  CONNECTIONS(
      Linux.SYS_socket(),
      Linux.SYS_connect(),
      Linux.SYS_accept(),
      Linux.SYS_accept4(),
      Linux.SYS_shutdown(),
      Linux.SYS_getsockname(),
      Linux.SYS_getpeername(),
      Linux.SYS_getsockopt(),
      Linux.SYS_setsockopt(),
      Linux.SYS_sendto(),
      Linux.SYS_recvfrom(),
      Linux.SYS_sendmsg(),
      Linux.SYS_recvmsg(),
      Linux.SYS_sendmmsg(),
      Linux.SYS_recvmmsg()),

  /** Sockets to which others come. */
  LISTENING(Linux.SYS_bind(), Linux.SYS_listen()),

  /** What the process is, and what the computer has. */
  ABOUT(
      Linux.SYS_getuid(),
      Linux.SYS_geteuid(),
      Linux.SYS_getgid(),
      Linux.SYS_getegid(),
      Linux.SYS_getgroups(),
      Linux.SYS_getpgrp(),
      Linux.SYS_getpgid(),
      Linux.SYS_getsid(),
      Linux.SYS_getrlimit(),
      Linux.SYS_prlimit64(),
      Linux.SYS_getrusage(),
      Linux.SYS_sysinfo(),
      Linux.SYS_uname(),
      Linux.SYS_getrandom());

  private final List<Integer> numbers;

  StillNeeded(Integer... numbers) {
    this.numbers = List.of(numbers);
  }

  /** The calls of this group. */
  List<Integer> numbers() {
    return numbers;
  }

  /** The calls of all groups. */
  static List<Integer> all() {
    return Arrays.stream(values()).flatMap(group -> group.numbers.stream()).toList();
  }
}
