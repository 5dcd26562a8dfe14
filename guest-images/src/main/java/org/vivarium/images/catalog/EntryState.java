package org.vivarium.images.catalog;

/**
 * Whether a guest's image is there.
 *
 * @param ready whether a machine can be made of it at once
 * @param bytesOnDisk what its images take on this computer's disk, bytes, older ones included
 */
public record EntryState(boolean ready, long bytesOnDisk) {}
