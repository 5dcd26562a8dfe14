package org.vivarium.vmm.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.net.PasstBroker;
import org.vivarium.images.catalog.GuestResolver;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.Landlock;
import org.vivarium.kvm.Landlock.Access;
import org.vivarium.kvm.SeccompFilter;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.host.PrivateSockets;
import org.vivarium.vmm.store.AttachedDisks;
import org.vivarium.vmm.store.DefinitionFile;
import org.vivarium.vmm.store.HostErrors;
import org.vivarium.vmm.store.SocketFolder;
import org.vivarium.vmm.store.VmFolder;
import org.vivarium.vmm.store.VmLock;

/**
 * What a VM process may reach of the host, from its first instruction on: the Java runtime and the
 * program, the machine's own files and devices, and no new privileges (docs/decisions/0011).
 *
 * <p>It takes hold of one thread of the starter, which starts the process and ends: what that
 * thread starts inherits it, and the starter's other threads stay as they were.
 */
final class Confinement {
  /** Set in the environment of a process that is confined to a {@link FileConfinement}'s word. */
  static final String VARIABLE = "VIVARIUM_CONFINED";

  /**
   * Set to {@code off} by a person who wants processes that are not confined, to look for faults;
   * to {@code namespace} where the mount namespace is to be tried on a kernel with Landlock.
   */
  static final String SWITCH = "VIVARIUM_SANDBOX";

  private static final List<String> LIBRARIES = List.of("/lib", "/lib64", "/usr/lib", "/usr/lib64");

  /** What the Java runtime and libc read of the system. */
  private static final List<String> SYSTEM =
      List.of(
          "/proc",
          "/sys/devices/system",
          "/sys/fs/cgroup",
          "/sys/kernel/mm",
          "/sys/module",
          "/usr/share/zoneinfo",
          "/etc/ld.so.cache",
          "/etc/ld.so.preload",
          "/etc/localtime",
          "/etc/timezone",
          "/etc/nsswitch.conf",
          "/etc/passwd",
          "/etc/os-release",
          "/dev/zero",
          "/dev/random",
          "/dev/urandom");

  /** What QEMU reads, with its user network. */
  private static final List<String> QEMU_FILES =
      List.of(
          "/usr/share/qemu",
          "/usr/share/seabios",
          "/etc/qemu",
          "/etc/resolv.conf",
          "/run/systemd/resolve",
          "/etc/hosts",
          "/etc/ssl/openssl.cnf");

  private static final List<String> QEMU_PROGRAMS = List.of("qemu-system-x86_64", "setpriv", "sh");

  private final AllowedFiles files = new AllowedFiles();
  private final FileConfinement means;
  private final Folders folders;
  private final VmFolder folder;
  private final VmDefinition definition;

  /**
   * A process that was started.
   *
   * @param undo removes what was started for it, where it ends before its machine runs
   */
  record Started(Process process, Runnable undo) {}

  private Confinement(FileConfinement means, Folders folders, VmFolder folder) throws VmmException {
    this.means = means;
    this.folders = folders;
    this.folder = folder;
    this.definition = DefinitionFile.read(folder);
  }

  /** Whether a person has turned confinement off, in this environment. */
  static boolean isTurnedOff(Map<String, String> environment) {
    return environment.getOrDefault(SWITCH, "").equals("off");
  }

  /**
   * Starts a machine's process, confined, and what serves it from outside.
   *
   * @param builder the process
   * @param java the runtime and its options
   */
  static Started start(ProcessBuilder builder, Folders folders, VmFolder folder, List<String> java)
      throws VmmException, IOException, InterruptedException {
    FileConfinement means = FileConfinement.choose(builder.environment());
    builder.environment().put(VARIABLE, means.word());
    Confinement confinement = new Confinement(means, folders, folder);
    List<String> cards = passtCards(confinement.definition);
    if (cards.isEmpty()) {
      confinement.allow(java, null);
      return new Started(confinement.start(builder), () -> {});
    }
    PrivateSockets sockets = PrivateSockets.in("vivarium-net-", PrivateSockets.usualPlaces());
    Path passt = sockets.folder();
    Process broker = PasstBroker.serve(passt, cards);
    Runnable undo =
        () -> {
          broker.destroyForcibly();
          sockets.close();
        };
    try {
      builder.environment().put(PasstBroker.VARIABLE, passt.toString());
      confinement.allow(java, passt);
      return new Started(confinement.start(builder), undo);
    } catch (VmmException | IOException | InterruptedException | RuntimeException e) {
      undo.run();
      throw e;
    }
  }

  /** Cards on the user network that passt serves. QEMU has a user network of its own. */
  private static List<String> passtCards(VmDefinition definition) {
    return definition.engine().equals("qemu")
        ? List.of()
        : definition.devices().networks().stream()
            .filter(card -> card.backend() instanceof NetBackend.User)
            .map(NetConfig::id)
            .toList();
  }

  /**
   * Allows what the machine's process needs.
   *
   * @param java the runtime and its options
   * @param passt the folder of the broker of user networks, or null if the machine has none
   * @throws VmmException if a folder of the machine's cannot be made
   */
  private void allow(List<String> java, @Nullable Path passt) throws VmmException {
    program(java);
    machine();
    SocketFolder sockets = SocketFolder.make(folders, folder.name(), System.getenv());
    files.allow(sockets.path(), Access.OWN);
    for (NetConfig card : definition.devices().networks()) {
      network(card.backend());
    }
    if (passt != null) {
      files.allow(passt, Access.CONNECT);
    }
    if (!definition.engine().equals("kvm")) {
      qemu();
    }
    if (means == FileConfinement.NAMESPACE) {
      MountNamespace.PROGRAMS.forEach(this::executable);
    }
  }

  private void program(List<String> java) {
    LIBRARIES.forEach(folder -> files.allow(Path.of(folder), Access.EXECUTE));
    SYSTEM.forEach(file -> files.allow(Path.of(file), Access.READ));
    files.allow(Path.of("/dev/null"), Access.DEVICE);
    files.allow(Path.of("/dev/kvm"), Access.DEVICE);
    executable("setsid");
    files.allow(Path.of(System.getProperty("java.home", "/")), Access.EXECUTE);
    // Debian's own JDK keeps its configuration there.
    files.allow(Path.of("/etc/java-" + Runtime.version().feature() + "-openjdk"), Access.READ);
    for (String word : java) {
      // Lists of paths stand alone; options with a file have it behind their last '='.
      String paths = word.startsWith("-") ? word.substring(word.lastIndexOf('=') + 1) : word;
      for (String path : paths.split(File.pathSeparator)) {
        if (path.startsWith("/")) {
          files.allow(Path.of(path), Access.READ);
        }
      }
    }
  }

  private void executable(String name) {
    String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
    Arrays.stream(path.split(File.pathSeparator))
        .filter(folder -> folder.startsWith("/"))
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst()
        .ifPresent(file -> files.allow(file, Access.EXECUTE));
  }

  private void machine() throws VmmException {
    Path home = folders.home();
    for (String shared : List.of("images", "templates", "catalogue", "ssh/id_ed25519.pub")) {
      files.allow(home.resolve(shared), Access.READ);
    }
    AttachedDisks.clear(folder);
    VmLock.make(folder);
    files.allow(folder.path(), Access.READ);
    files.allow(folder.lock(), Access.WRITE);
    files.allow(make(folder.state()), Access.OWN);
    files.allow(make(folder.cache()), Access.OWN);
    files.allow(make(folder.attached(false)), Access.WRITE);
    files.allow(make(folder.attached(true)), Access.READ);
    if (definition.guest() instanceof GuestSource.Kernel(Path kernel, @Nullable Path initrd, _)) {
      files.allow(folder.path().resolve(kernel), Access.READ);
      if (initrd != null) {
        files.allow(folder.path().resolve(initrd), Access.READ);
      }
    }
    // What disks stand on lies in images and templates, or in this folder. Their headers are not
    // asked, for the machine writes them.
    files.allow(folder.path().resolve(GuestResolver.ROOT), Access.WRITE);
    for (DiskConfig disk : definition.devices().disks()) {
      disk(folder.path().resolve(disk.file()), disk.readOnly());
    }
  }

  private static Path make(Path folder) throws VmmException {
    try {
      return Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw HostErrors.refusal("The folder %s cannot be made".formatted(folder), e);
    }
  }

  private void disk(Path file, boolean readOnly) {
    boolean device = Files.exists(file) && !Files.isRegularFile(file);
    files.allow(file, readOnly ? Access.READ : device ? Access.DEVICE : Access.WRITE);
  }

  private void network(NetBackend backend) throws VmmException {
    switch (backend) {
      case NetBackend.Tap _ -> {
        files.allow(Path.of("/dev/net/tun"), Access.DEVICE);
        files.allow(Path.of("/dev/vhost-net"), Access.DEVICE);
        files.allow(Path.of("/sys/class/net"), Access.READ);
      }
      case NetBackend.Segment(String name) -> {
        Path segments = SocketFolder.make(folders, SocketFolder.SEGMENTS, System.getenv()).path();
        files.allow(make(segments.resolve(name)), Access.OWN);
      }
      case NetBackend.User _, NetBackend.None _ -> {
        // Passt's folder is the broker's, and no cable leads nowhere.
      }
    }
  }

  private void qemu() {
    QEMU_PROGRAMS.forEach(this::executable);
    // By that name the shell is asked for.
    files.allow(Path.of("/bin/sh"), Access.EXECUTE);
    QEMU_FILES.forEach(file -> files.allow(Path.of(file), Access.READ));
  }

  /**
   * Starts the process from a thread that is confined as it shall be.
   *
   * @throws VmmException if the kernel refuses to confine it
   */
  private Process start(ProcessBuilder builder)
      throws VmmException, IOException, InterruptedException {
    if (means == FileConfinement.NAMESPACE) {
      builder.command(inNamespace(builder.command()));
    }
    FutureTask<Process> task =
        new FutureTask<>(
            () -> {
              take();
              return builder.start();
            });
    Thread.ofPlatform().name("confined").start(task);
    try {
      return task.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case KvmException refused ->
            throw new VmmException(
                "The machine's process cannot be confined: %s Set %s=off to start it all the same."
                    .formatted(refused.getMessage(), SWITCH),
                refused);
        case IOException failed -> throw failed;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  /** The words of a command, the first of which is setsid(1). */
  private List<String> inNamespace(List<String> words) throws VmmException, IOException {
    Path root = SocketFolder.make(folders, SocketFolder.ROOT, System.getenv()).path();
    // A network of its own has no abstract Unix sockets of others; passt is outside, with a path.
    boolean network =
        !definition.engine().equals("kvm")
            || definition.devices().networks().stream()
                .anyMatch(card -> card.backend() instanceof NetBackend.Tap);
    List<String> command = new ArrayList<>(words.subList(0, 1));
    command.addAll(
        MountNamespace.command(
            files, root, folder.path(), network, words.subList(1, words.size())));
    return command;
  }

  private void take() throws KvmException {
    Landlock.forbidNewPrivileges();
    if (means == FileConfinement.NAMESPACE) {
      // It has to mount first, and filters its own calls after that (OwnConfinement).
      return;
    }
    SeccompFilter.vmProcess().onThisThread();
    // Last, for from then on this thread loads no class from where the child does not.
    if (means == FileConfinement.LANDLOCK) {
      files.landlock().restrictThisThread();
    }
  }
}
