package org.vivarium.vmm.boot;

import org.jspecify.annotations.Nullable;

/**
 * What goes into guest memory.
 *
 * @param kernel a kernel of the loader's kind
 * @param initrd initial RAM disk, or null
 * @param commandLine kernel command line, without a terminating NUL
 */
public record BootFiles(BootImage kernel, @Nullable BootImage initrd, String commandLine) {}
