package org.vivarium.app.doctor;

/** Words for what to do about a finding. */
final class Remedy {
  private Remedy() {}

  /**
   * How to install a package.
   *
   * @param packages their names in Debian and Ubuntu, separated by spaces
   */
  static String install(Host host, String packages) {
    return host.program("apt-get").isPresent()
        ? "sudo apt-get install " + packages
        : "Install what Debian calls " + packages + ".";
  }
}
