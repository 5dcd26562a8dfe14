/**
 * Kernel loaders: a file on the host becomes a kernel in guest memory that a processor can enter.
 *
 * <p>Membership rule: what runs once before the first instruction and writes guest memory only. The
 * files are untrusted: every number in them is checked before use, and whatever is wrong with one
 * is an {@link org.vivarium.vmm.InvalidConfigException}. Threads: one at a time.
 */
package org.vivarium.vmm.boot;
