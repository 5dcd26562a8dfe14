package org.vivarium.images.catalog;

/**
 * One guest that a person can choose.
 *
 * @param id what commands call it: 1 to 64 of a-z, 0-9, '.' and '-', the first no '.' or '-'
 * @param title what people call it
 * @param description what it is, in a sentence or two
 * @param recipe how it is made
 * @param defaults what a new machine of it gets
 * @param user the user whom {@code vivarium ssh} logs in as; empty where the guest has no ssh
 * @param login how one gets in at the console, for people
 * @param verified what is checked before the guest is used, for people
 * @param downloadBytes about what has to be fetched, bytes; 0 where not known
 * @param diskBytes about what the image takes on this computer's disk, bytes; 0 where not known
 * @param own whether it is the user's own entry
 */
public record CatalogueEntry(
    String id,
    String title,
    String description,
    GuestRecipe recipe,
    Defaults defaults,
    String user,
    String login,
    String verified,
    long downloadBytes,
    long diskBytes,
    boolean own) {

  /**
   * What a new machine gets unless its owner says otherwise.
   *
   * @param cpus virtual processors, 1 to 64
   * @param memoryMib RAM, MiB, 32 to 524288
   * @param diskMib size of its disk, MiB; 0 for a guest without one
   */
  public record Defaults(int cpus, int memoryMib, int diskMib) {}

  /** Whether a machine of this guest has a disk that is a clone of the guest's. */
  public boolean hasDisk() {
    return !(recipe instanceof GuestRecipe.Tiny);
  }
}
