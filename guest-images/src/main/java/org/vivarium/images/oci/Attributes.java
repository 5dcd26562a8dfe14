package org.vivarium.images.oci;

/**
 * What a file tree knows of a thing in it besides its content.
 *
 * @param mode permission bits, 0 to 07777
 * @param uid owner, 0 to 2^31-1
 * @param gid group, 0 to 2^31-1
 * @param modified seconds since the epoch
 */
record Attributes(int mode, int uid, int gid, long modified) {
  /** Of a folder that no layer describes. */
  static final Attributes IMPLIED = new Attributes(0755, 0, 0, 0);
}
