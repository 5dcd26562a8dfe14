package org.vivarium.vmm.engine;

/**
 * Memory as the guest sees it, from its balloon driver's statistics. Bytes; -1 where the guest does
 * not tell.
 *
 * @param total RAM that the guest's kernel manages
 * @param free RAM that nothing uses
 * @param available RAM that a program could get without swapping
 * @param caches RAM that holds file contents which could be read again
 * @param ballooned RAM that the balloon has taken from the guest
 */
public record GuestMemoryFigures(
    long total, long free, long available, long caches, long ballooned) {}
