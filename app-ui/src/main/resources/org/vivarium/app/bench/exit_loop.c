/*
 * The yardstick of an empty port-I/O exit: the same guest as org.vivarium.vmm.machine.ExitLoop in
 * the shortest loop that C allows. Reads a number of exits a line from standard input, runs so
 * many, and answers with the nanoseconds that they took: by the clock, and of this thread's
 * processor time.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define CODE 0x1000
#define RAM 0x20000
#define PORT 0x80

static void check(long result, const char *what) {
  if (result < 0) {
    perror(what);
    exit(1);
  }
}

static long long now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void) {
  int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  check(kvm, "/dev/kvm");
  int vm = ioctl(kvm, KVM_CREATE_VM, 0);
  check(vm, "KVM_CREATE_VM");
  unsigned char *ram =
      mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  static const unsigned char code[] = {0xe6, PORT, 0xeb, 0xfc}; /* out 0x80, al; jmp to it */
  memcpy(ram + CODE, code, sizeof(code));
  struct kvm_userspace_memory_region slot = {
      .memory_size = RAM, .userspace_addr = (unsigned long)ram};
  check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), "KVM_SET_USER_MEMORY_REGION");
  int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
  check(vcpu, "KVM_CREATE_VCPU");
  int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  check(size, "KVM_GET_VCPU_MMAP_SIZE");
  struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
  struct kvm_sregs sregs;
  check(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
  sregs.cs.base = 0;
  sregs.cs.selector = 0;
  check(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
  struct kvm_regs regs = {.rip = CODE, .rflags = 2};
  check(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");

  long exits;
  while (scanf("%ld", &exits) == 1) {
    long long start = now(CLOCK_MONOTONIC);
    long long start_cpu = now(CLOCK_THREAD_CPUTIME_ID);
    for (long i = 0; i < exits; i++) {
      check(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
      if (run->exit_reason != KVM_EXIT_IO || run->io.direction != KVM_EXIT_IO_OUT
          || run->io.port != PORT) {
        fprintf(stderr, "unexpected exit %u\n", run->exit_reason);
        return 1;
      }
    }
    long long cpu = now(CLOCK_THREAD_CPUTIME_ID) - start_cpu;
    printf("%lld %lld\n", now(CLOCK_MONOTONIC) - start, cpu);
    fflush(stdout);
  }
  return 0;
}
