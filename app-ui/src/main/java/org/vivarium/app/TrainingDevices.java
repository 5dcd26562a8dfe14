package org.vivarium.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;

/**
 * The devices of a training run's machine: those that most machines have, so that the classes that
 * make them are in the cache. The files are in a folder that goes with them.
 *
 * @param folder for other files too
 * @param all the devices; a disk's id is its format
 */
record TrainingDevices(Path folder, DeviceSet all) implements AutoCloseable {
  private static final long DISK_BYTES = 1 << 20;

  /** Makes the files. */
  static TrainingDevices create() throws IOException, InvalidConfigException {
    Path folder = Files.createTempDirectory("vivarium-training");
    try {
      Path raw = folder.resolve("raw");
      Files.write(raw, new byte[(int) DISK_BYTES]);
      Path qcow2 = folder.resolve("qcow2");
      Qcow2Creator.create(qcow2, Qcow2Creator.Spec.of(DISK_BYTES));
      DeviceSet all =
          new DeviceSet(
              List.of(
                  DiskConfig.of("raw", raw, DiskFormat.RAW),
                  DiskConfig.of("qcow2", qcow2, DiskFormat.QCOW2)),
              List.of(NetConfig.of("net", new NetBackend.User(List.of()), "52:54:00:00:00:01")),
              true,
              true,
              true,
              null);
      return new TrainingDevices(folder, all);
    } catch (IOException | InvalidConfigException e) {
      DurableFiles.deleteFolder(folder);
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    DurableFiles.deleteFolder(folder);
  }
}
