/**
 * What is inside a distribution's kernel package: the kernel image, its payload, its modules.
 *
 * <p>Membership: reading of Linux kernel files, which are untrusted; sizes and offsets are checked
 * before use. Everything but {@link org.vivarium.images.kernel.KernelPackage} may be used from any
 * thread.
 */
package org.vivarium.images.kernel;
