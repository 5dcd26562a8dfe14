package org.vivarium.images.oci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.vivarium.images.ImageException;

/**
 * Writes bundles for a container runtime (OCI runtime-spec 1.0, config.md) with the confinement
 * that podman gives a container by default: the same capabilities, masked paths, namespaces and
 * list of system calls. Resource limits that need CAP_SYS_RESOURCE are left out. Stateless.
 */
public final class RuncBundle {
  /**
   * What a container may use, and where it runs.
   *
   * @param root the root folder
   * @param readOnly whether the root folder is not to be written to
   * @param memory bytes
   * @param cpus processors' worth of time
   * @param cgroup path of its control group, or empty where this user may make none
   * @param uid of who starts it: anyone but root gets a user namespace of one user
   * @param gid of who starts it
   * @param processors numbers of those that it may use, as cpuset(7) lists them; empty for all
   */
  public record Settings(
      Path root,
      boolean readOnly,
      long memory,
      int cpus,
      String cgroup,
      int uid,
      int gid,
      String processors) {
    /** The same for a container of its own name, below the control group, where there is one. */
    public Settings withCgroup(String name) {
      String own = cgroup.isEmpty() ? "" : (cgroup.equals("/") ? "" : cgroup) + "/" + name;
      return new Settings(root, readOnly, memory, cpus, own, uid, gid, processors);
    }
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PERIOD_MICROS = 100_000;

  private RuncBundle() {}

  /**
   * Writes {@code config.json} into a folder.
   *
   * @param bundle a folder that is there
   */
  public static void write(ImageProcess process, Settings settings, Path bundle)
      throws ImageException {
    write(process, settings, bundle, Map.of());
  }

  /**
   * As {@link #write(ImageProcess, Settings, Path)}, with volumes.
   *
   * @param volumes folders of the host by the places where the container finds them
   */
  public static void write(
      ImageProcess process, Settings settings, Path bundle, Map<String, Path> volumes)
      throws ImageException {
    try {
      ObjectNode config = (ObjectNode) resource("config.json");
      process(config.withObject("/process"), process);
      config.withObject("/root").put("path", settings.root().toString());
      config.withObject("/root").put("readonly", settings.readOnly());
      ObjectNode linux = config.withObject("/linux");
      linux.set("seccomp", resource("seccomp.json"));
      if (settings.cgroup().isEmpty()) {
        linux.remove("resources");
      } else {
        linux.put("cgroupsPath", settings.cgroup());
        ObjectNode resources = linux.withObject("/resources");
        resources.withObject("/memory").put("limit", settings.memory());
        resources.withObject("/cpu").put("quota", (long) settings.cpus() * PERIOD_MICROS);
        resources.withObject("/cpu").put("period", PERIOD_MICROS);
        if (!settings.processors().isEmpty()) {
          resources.withObject("/cpu").put("cpus", settings.processors());
        }
      }
      volumes.forEach(
          (place, folder) -> {
            ObjectNode mount = config.withArray("/mounts").addObject();
            mount.put("destination", place).put("type", "bind").put("source", folder.toString());
            mount.putArray("options").add("bind").add("rw");
          });
      if (settings.uid() != 0) {
        unprivileged(config, settings);
      }
      Files.write(bundle.resolve("config.json"), JSON.writeValueAsBytes(config));
    } catch (IOException e) {
      throw new ImageException(
          "The bundle cannot be written to %s (%s).".formatted(bundle, e.getMessage()), e);
    }
  }

  private static void process(ObjectNode target, ImageProcess process) {
    target.set("args", JSON.valueToTree(process.words()));
    target.set("env", JSON.valueToTree(process.environment()));
    target.put("cwd", process.config().workingFolder());
    Identity identity = process.identity();
    ObjectNode user = target.withObject("/user");
    user.put("uid", identity.uid());
    user.put("gid", identity.groups().getFirst());
    user.set("additionalGids", JSON.valueToTree(identity.groups()));
    if (identity.uid() != 0) {
      ObjectNode capabilities = target.withObject("/capabilities");
      for (String set : List.of("effective", "permitted")) {
        capabilities.putArray(set);
      }
    }
  }

  private static void unprivileged(ObjectNode config, Settings settings) {
    ObjectNode linux = config.withObject("/linux");
    linux.withArray("/namespaces").addObject().put("type", "user");
    mapping(linux, "uidMappings", settings.uid());
    mapping(linux, "gidMappings", settings.gid());
    // Setting further groups takes a privilege that such a namespace lacks.
    config.withObject("/process/user").remove("additionalGids");
    for (JsonNode mount : config.withArray("/mounts")) {
      if (mount.path("type").asText().equals("devpts")) {
        // No group but the user's own is known in the namespace.
        ((ObjectNode) mount)
            .putArray("options")
            .add("nosuid")
            .add("noexec")
            .add("newinstance")
            .add("ptmxmode=0666")
            .add("mode=0620");
      }
    }
  }

  private static void mapping(ObjectNode linux, String name, int host) {
    linux.putArray(name).addObject().put("containerID", 0).put("hostID", host).put("size", 1);
  }

  private static JsonNode resource(String name) throws IOException {
    try (InputStream in = RuncBundle.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("Vivarium is incomplete: its file " + name + " is missing");
      }
      return JSON.readTree(in);
    }
  }
}
