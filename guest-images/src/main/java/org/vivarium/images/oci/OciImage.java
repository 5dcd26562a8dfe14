package org.vivarium.images.oci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.Sha256;

/**
 * An image as it was given: an OCI layout in a folder or a tar archive, or what "docker save"
 * writes. Only the digests of its documents have been checked; those of its layers are when they
 * are read. Belongs to one thread.
 */
final class OciImage implements AutoCloseable {
  /**
   * A layer.
   *
   * @param name of its blob
   * @param digest of the blob, or null where the format names none
   * @param diffId digest of the tar archive in it
   */
  record Layer(String name, @Nullable Digest digest, Digest diffId) {}

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Documents that describe images have some kilobytes. */
  private static final int MAX_DOCUMENT = 4 << 20;

  private static final int MOST_LAYERS = 1000;
  private static final int DEEPEST_INDEX = 4;
  private static final String REFERENCE = "org.opencontainers.image.ref.name";

  private final Blobs blobs;
  private final Digest id;
  private final ImageConfig config;
  private final List<Layer> layers;

  private OciImage(Blobs blobs, Digest id, ImageConfig config, List<Layer> layers) {
    this.blobs = blobs;
    this.id = id;
    this.config = config;
    this.layers = List.copyOf(layers);
  }

  /**
   * Opens an image.
   *
   * @param reference a file or folder, which may be followed by ":TAG" where it holds several
   *     images
   * @throws ImageException if it is none, is damaged, or holds none for this processor
   */
  static OciImage open(String reference) throws ImageException {
    Path path = Path.of(reference);
    String tag = "";
    int colon = reference.lastIndexOf(':');
    if (!Files.exists(path) && colon > 0) {
      path = Path.of(reference.substring(0, colon));
      tag = reference.substring(colon + 1);
    }
    if (!Files.exists(path)) {
      throw new ImageException("There is no image %s; check the path.".formatted(reference));
    }
    try {
      Blobs blobs = Files.isDirectory(path) ? new FolderBlobs(path) : TarBlobs.open(path);
      try {
        return read(reference, blobs, tag);
      } catch (IOException | ImageException | RuntimeException e) {
        blobs.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      throw new ImageException(
          "The image %s cannot be read (%s).".formatted(reference, e.getMessage()), e);
    }
  }

  private static OciImage read(String reference, Blobs blobs, String tag)
      throws IOException, ImageException {
    if (blobs.has("oci-layout") && blobs.has("index.json")) {
      return fromLayout(reference, blobs, tag);
    }
    if (blobs.has("manifest.json")) {
      return fromDocker(reference, blobs, tag);
    }
    throw new ImageException(
        "%s is no image: it has neither index.json nor manifest.json.".formatted(reference));
  }

  private static OciImage fromLayout(String reference, Blobs blobs, String tag)
      throws IOException, ImageException {
    JsonNode index = document(blobs, "index.json", null);
    List<JsonNode> found = new ArrayList<>();
    for (JsonNode manifest : index.path("manifests")) {
      String name = manifest.path("annotations").path(REFERENCE).asText();
      if (tag.isEmpty() || name.equals(tag)) {
        collect(blobs, manifest, found, 0);
      }
    }
    JsonNode manifest = document(blobs, only(reference, tag, found));
    JsonNode described = manifest.path("config");
    Digest id = Digest.parse(described.path("digest").asText());
    JsonNode config = document(blobs, id.path(), id);
    List<Layer> layers = new ArrayList<>();
    for (JsonNode layer : manifest.path("layers")) {
      Digest digest = Digest.parse(layer.path("digest").asText());
      layers.add(new Layer(digest.path(), digest, diffId(config, layers.size())));
    }
    return image(reference, blobs, id, config, layers);
  }

  /** Adds the manifests for this processor that a descriptor leads to. */
  private static void collect(Blobs blobs, JsonNode descriptor, List<JsonNode> found, int depth)
      throws IOException, ImageException {
    JsonNode platform = descriptor.path("platform");
    if (!platform.isMissingNode()
        && !(platform.path("os").asText().equals("linux")
            && platform.path("architecture").asText().equals("amd64"))) {
      return;
    }
    if (!descriptor.path("mediaType").asText().matches(".*(image\\.index|manifest\\.list).*")) {
      found.add(descriptor);
      return;
    }
    if (depth == DEEPEST_INDEX) {
      throw new ImageException("The image's indexes are nested too deep.");
    }
    for (JsonNode inner : document(blobs, descriptor).path("manifests")) {
      collect(blobs, inner, found, depth + 1);
    }
  }

  private static OciImage fromDocker(String reference, Blobs blobs, String tag)
      throws IOException, ImageException {
    List<JsonNode> found = new ArrayList<>();
    for (JsonNode image : document(blobs, "manifest.json", null)) {
      boolean named = tag.isEmpty();
      for (JsonNode name : image.path("RepoTags")) {
        named |= name.asText().equals(tag) || name.asText().endsWith(":" + tag);
      }
      if (named) {
        found.add(image);
      }
    }
    JsonNode image = only(reference, tag, found);
    String configName = image.path("Config").asText();
    byte[] configBytes = bytes(blobs, configName);
    MessageDigest sha256 = Sha256.digest();
    sha256.update(configBytes);
    Digest id = new Digest(Sha256.hex(sha256));
    String stem = configName.substring(configName.lastIndexOf('/') + 1).replace(".json", "");
    if (stem.matches("[0-9a-f]{64}") && !stem.equals(id.hex())) {
      throw new ImageException("The image's file %s is damaged.".formatted(configName));
    }
    JsonNode config = JSON.readTree(configBytes);
    List<Layer> layers = new ArrayList<>();
    for (JsonNode layer : image.path("Layers")) {
      layers.add(new Layer(layer.asText(), null, diffId(config, layers.size())));
    }
    return image(reference, blobs, id, config, layers);
  }

  private static JsonNode only(String reference, String tag, List<JsonNode> found)
      throws ImageException {
    if (found.size() == 1) {
      return found.getFirst();
    }
    String called = tag.isEmpty() ? "" : " called " + tag;
    throw new ImageException(
        found.isEmpty()
            ? "%s holds no image%s for Linux on x86-64.".formatted(reference, called)
            : "%s holds %d images%s; name one as FILE:TAG."
                .formatted(reference, found.size(), called));
  }

  private static OciImage image(
      String reference, Blobs blobs, Digest id, JsonNode config, List<Layer> layers)
      throws ImageException {
    String platform = config.path("os").asText() + "/" + config.path("architecture").asText();
    if (!platform.equals("linux/amd64")) {
      throw new ImageException(
          "The image %s is for %s, not for linux/amd64.".formatted(reference, platform));
    }
    int named = config.path("rootfs").path("diff_ids").size();
    if (layers.size() != named || layers.isEmpty() || named > MOST_LAYERS) {
      throw new ImageException(
          "The image %s has %d layers, but its configuration names %d (1 to %d are possible)."
              .formatted(reference, layers.size(), named, MOST_LAYERS));
    }
    return new OciImage(blobs, id, ConfigJson.read(config.path("config")), layers);
  }

  private static Digest diffId(JsonNode config, int index) throws ImageException {
    return Digest.parse(config.path("rootfs").path("diff_ids").path(index).asText());
  }

  private static JsonNode document(Blobs blobs, JsonNode descriptor)
      throws IOException, ImageException {
    Digest digest = Digest.parse(descriptor.path("digest").asText());
    return document(blobs, digest.path(), digest);
  }

  private static JsonNode document(Blobs blobs, String name, @Nullable Digest digest)
      throws IOException, ImageException {
    byte[] bytes = bytes(blobs, name);
    if (digest != null) {
      MessageDigest sha256 = Sha256.digest();
      sha256.update(bytes);
      if (!Sha256.hex(sha256).equals(digest.hex())) {
        throw new ImageException("The image's file %s is damaged.".formatted(name));
      }
    }
    return JSON.readTree(bytes);
  }

  private static byte[] bytes(Blobs blobs, String name) throws IOException, ImageException {
    try (InputStream in = blobs.open(name)) {
      byte[] bytes = in.readNBytes(MAX_DOCUMENT + 1);
      if (bytes.length > MAX_DOCUMENT) {
        throw new ImageException(
            "The image's file %s has more than %d bytes.".formatted(name, MAX_DOCUMENT));
      }
      return bytes;
    }
  }

  /** The digest of the configuration, which names all that the image is. */
  Digest id() {
    return id;
  }

  ImageConfig config() {
    return config;
  }

  /** The layers, the lowest first. */
  List<Layer> layers() {
    return layers;
  }

  InputStream open(Layer layer) throws IOException, ImageException {
    return blobs.open(layer.name());
  }

  /** Bytes of all layers as they were given, mostly compressed. */
  long packedBytes() throws IOException {
    long bytes = 0;
    for (Layer layer : layers) {
      bytes += blobs.size(layer.name());
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    blobs.close();
  }
}
