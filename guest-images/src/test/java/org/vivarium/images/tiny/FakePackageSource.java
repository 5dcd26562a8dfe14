package org.vivarium.images.tiny;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.DebFixture;
import org.vivarium.images.deb.DebPackage;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.kernel.ElfFixture;

/** Packages made in memory. A refresh makes those that were offered meanwhile known. */
final class FakePackageSource implements PackageSource {
  private record Offer(DebPackage info, byte[] deb) {}

  private final Map<String, Offer> known = new HashMap<>();
  private final Map<String, Offer> offered = new HashMap<>();
  final List<String> fetched = new ArrayList<>();
  int refreshes;
  boolean down;

  /** The packages of a small system with a kernel of this version. */
  static FakePackageSource withKernel(String version) {
    FakePackageSource source = new FakePackageSource();
    byte[] busybox = new DebFixture().file("./bin/busybox", "busybox").deb(".xz");
    source.offer("busybox-static", "1.35", List.of(), busybox);
    source.offerKernel(version);
    source.makeKnown();
    return source;
  }

  void offerKernel(String version) {
    String release = version + "-cloud-amd64";
    String modules = "./lib/modules/" + release + "/";
    byte[] kernel =
        new DebFixture()
            .file("./boot/vmlinuz-" + release, "kernel " + version)
            .file(modules + "modules.builtin", "kernel/fs/ext4/ext4.ko\n")
            .file(modules + "kernel/virtio.ko", ElfFixture.module("depends="))
            .file(modules + "kernel/virtio_blk.ko", ElfFixture.module("depends=virtio"))
            .file(modules + "kernel/sound.ko", ElfFixture.module("depends="))
            .deb(".xz");
    String name = "linux-image-" + release;
    offer(name, version, List.of("kmod", "linux-base"), kernel);
    offer("linux-image-cloud-amd64", version, List.of(name), new byte[] {1});
  }

  private void offer(String name, String version, List<String> depends, byte[] deb) {
    var digest = Sha256.digest();
    digest.update(deb);
    String sha256 = Sha256.hex(digest);
    DebPackage info = new DebPackage(name, version, depends, "pool/" + name, deb.length, sha256);
    offered.put(name, new Offer(info, deb));
  }

  /** Makes a package disappear from the mirror, not from the index. */
  void withdraw(String name) {
    Offer offer = known.get(name);
    if (offer != null) {
      known.put(name, new Offer(offer.info(), new byte[0]));
    }
  }

  void makeKnown() {
    known.putAll(offered);
    offered.clear();
  }

  @Override
  public Optional<DebPackage> find(String name) throws ImageException {
    if (down) {
      throw new ImageException("The fake source is down.");
    }
    return Optional.ofNullable(known.get(name)).map(Offer::info);
  }

  @Override
  public void fetch(DebPackage wanted, Path target, Progress progress) throws ImageException {
    Offer offer = known.get(wanted.name());
    if (down || offer == null || offer.deb().length == 0) {
      throw new ImageException("The package %s is gone.".formatted(wanted.name()));
    }
    fetched.add(wanted.name());
    try {
      Files.write(target, offer.deb());
    } catch (IOException e) {
      throw new ImageException("Cannot write.", e);
    }
  }

  @Override
  public void refresh(Progress progress) throws ImageException {
    if (down) {
      throw new ImageException("The fake source is down.");
    }
    refreshes++;
    makeKnown();
  }

  @Override
  public String indexState() {
    return "fake " + known.values().stream().map(o -> o.info().version()).sorted().toList();
  }
}
