/* The one header that jextract reads: everything that org.vivarium.kvm asks of the Linux kernel. */
#define _GNU_SOURCE /* F_OFD_SETLK, O_DIRECT and the memfd seals */
#include <linux/kvm.h>
#include <linux/if_tun.h>
#include <linux/io_uring.h>
#include <linux/memfd.h>
#include <linux/vhost.h>
#include <linux/virtio_net.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
