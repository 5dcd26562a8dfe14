package org.vivarium.images.oci;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.vivarium.images.deb.DebFixture;
import org.vivarium.images.deb.Sha256;

/** Makes images by hand, also such as nobody would make. */
final class ImageFixture {
  /** A layer's archive in the making. */
  static final class Layer {
    private final Map<TarArchiveEntry, byte[]> entries = new LinkedHashMap<>();
    private String compression = ".gz";

    Layer file(String path, String content) {
      return file(path, content, entry -> {});
    }

    Layer file(String path, String content, Consumer<TarArchiveEntry> more) {
      byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
      TarArchiveEntry entry = new TarArchiveEntry(path, true);
      entry.setSize(bytes.length);
      entry.setMode(0100644);
      entry.setModTime(1_000_000_000L);
      more.accept(entry);
      entries.put(entry, bytes);
      return this;
    }

    Layer folder(String path) {
      return special(path + "/", TarConstants.LF_DIR, "", entry -> entry.setMode(0755));
    }

    Layer link(String path, String target) {
      return special(path, TarConstants.LF_SYMLINK, target, entry -> {});
    }

    Layer hardLink(String path, String target) {
      return special(path, TarConstants.LF_LINK, target, entry -> {});
    }

    Layer special(String path, byte type, String target, Consumer<TarArchiveEntry> more) {
      TarArchiveEntry entry = new TarArchiveEntry(path, type, true);
      entry.setLinkName(target);
      entry.setModTime(1_000_000_000L);
      more.accept(entry);
      entries.put(entry, new byte[0]);
      return this;
    }

    Layer compressed(String suffix) {
      compression = suffix;
      return this;
    }

    byte[] tar() {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8")) {
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        for (Map.Entry<TarArchiveEntry, byte[]> entry : entries.entrySet()) {
          tar.putArchiveEntry(entry.getKey());
          tar.write(entry.getValue());
          tar.closeArchiveEntry();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return bytes.toByteArray();
    }
  }

  private final Map<String, byte[]> files = new TreeMap<>();
  private final List<byte[]> archives = new ArrayList<>();
  private final List<byte[]> blobs = new ArrayList<>();
  private String config = "{}";

  ImageFixture config(String json) {
    config = json;
    return this;
  }

  ImageFixture layer(Layer layer) {
    archives.add(layer.tar());
    blobs.add(DebFixture.compress(layer.compression, layer.tar()));
    return this;
  }

  /** A layer whose blob is anything. */
  ImageFixture rawLayer(byte[] blob, byte[] archive) {
    archives.add(archive);
    blobs.add(blob);
    return this;
  }

  private byte[] configuration() {
    String diffIds =
        String.join(",", archives.stream().map(a -> "\"sha256:" + sha256(a) + "\"").toList());
    return bytes(
        "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":%s,\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}"
            .formatted(config, diffIds));
  }

  /** Writes an OCI layout. */
  Path layout(Path folder) {
    files.put("oci-layout", bytes("{\"imageLayoutVersion\":\"1.0.0\"}"));
    List<String> layers = new ArrayList<>();
    for (byte[] blob : blobs) {
      layers.add(put("application/vnd.oci.image.layer.v1.tar+gzip", blob));
    }
    String described = put("application/vnd.oci.image.config.v1+json", configuration());
    String manifest =
        "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}"
            .formatted(described, String.join(",", layers));
    String pointer = put("application/vnd.oci.image.manifest.v1+json", bytes(manifest));
    String named =
        pointer.replaceFirst(
            "}$", ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"v1\"}}");
    files.put("index.json", bytes("{\"schemaVersion\":2,\"manifests\":[" + named + "]}"));
    return write(folder);
  }

  /** Writes what "docker save" wrote before it knew OCI, as a folder to be packed. */
  Path docker(Path tar) {
    byte[] configuration = configuration();
    String name = sha256(configuration) + ".json";
    files.put(name, configuration);
    List<String> layers = new ArrayList<>();
    for (int i = 0; i < archives.size(); i++) {
      files.put(i + "/layer.tar", archives.get(i));
      layers.add("\"" + i + "/layer.tar\"");
    }
    files.put(
        "manifest.json",
        bytes("[{\"Config\":\"%s\",\"Layers\":[%s]}]".formatted(name, String.join(",", layers))));
    return pack(tar);
  }

  /** Writes an archive of an OCI layout. */
  Path archive(Path tar, Path scratch) {
    layout(scratch);
    return pack(tar);
  }

  private Path pack(Path tar) {
    try (OutputStream out = Files.newOutputStream(tar);
        TarArchiveOutputStream archive = new TarArchiveOutputStream(out)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        TarArchiveEntry entry = new TarArchiveEntry(file.getKey());
        entry.setSize(file.getValue().length);
        archive.putArchiveEntry(entry);
        archive.write(file.getValue());
        archive.closeArchiveEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return tar;
  }

  private String put(String type, byte[] blob) {
    files.put("blobs/sha256/" + sha256(blob), blob);
    return "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%d}"
        .formatted(type, sha256(blob), blob.length);
  }

  private Path write(Path folder) {
    try {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Path path = folder.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        Files.write(path, file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String sha256(byte[] bytes) {
    MessageDigest digest = Sha256.digest();
    digest.update(bytes);
    return Sha256.hex(digest);
  }
}
