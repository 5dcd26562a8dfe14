package org.vivarium.vmm.engine.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Makes folders with programs that pretend to be QEMU. */
final class FakeQemu {
  private FakeQemu() {}

  /** Puts a shell script there under QEMU's name, and this computer's setpriv beside it. */
  static QemuLocator in(Path folder, String script) throws IOException {
    program(folder, QemuLocator.PROGRAM, script);
    program(folder, "setpriv", "exec /usr/bin/setpriv \"$@\"");
    return new QemuLocator(folder.toString());
  }

  static void program(Path folder, String name, String script) throws IOException {
    Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
