package org.vivarium.images.oci;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.vivarium.images.deb.Sha256;

/**
 * Writes an image as an OCI layout (image-spec, image-layout.md). The same trees give the same
 * bytes. Used once.
 */
final class LayoutWriter {
  private static final String TYPE = "application/vnd.oci.image.";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final ArrayNode layers = JSON.createArrayNode();
  private final List<String> diffIds = new ArrayList<>();

  /**
   * @param folder a new, empty one
   */
  LayoutWriter(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder.resolve("blobs/sha256"));
  }

  /** Adds a layer, over those that were added before. */
  void layer(FileTree tree) throws IOException {
    MessageDigest packed = Sha256.digest();
    MessageDigest unpacked = Sha256.digest();
    Path temporary = Files.createTempFile(folder, "layer", "");
    try (OutputStream file = new DigestOutputStream(Files.newOutputStream(temporary), packed);
        OutputStream gzip = new GZIPOutputStream(file, 1 << 16);
        OutputStream tar = new DigestOutputStream(gzip, unpacked)) {
      TreeTar.write(tree.root(), tar);
    }
    Digest digest = new Digest(Sha256.hex(packed));
    diffIds.add(new Digest(Sha256.hex(unpacked)).toString());
    layers.add(descriptor("layer.v1.tar+gzip", digest, Files.size(temporary)));
    Files.move(temporary, folder.resolve(digest.path()), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Writes the documents: configuration, manifest, index. */
  void finish(ImageConfig config) throws IOException {
    ObjectNode image = JSON.createObjectNode();
    image.put("os", "linux").put("architecture", "amd64");
    ObjectNode run = image.putObject("config");
    run.set("Env", JSON.valueToTree(config.environment()));
    run.set("Cmd", JSON.valueToTree(config.command()));
    run.put("WorkingDir", config.workingFolder());
    config.exposedPorts().forEach(port -> run.withObject("/ExposedPorts").putObject(port));
    image.putObject("rootfs").put("type", "layers").set("diff_ids", JSON.valueToTree(diffIds));
    ObjectNode manifest = JSON.createObjectNode();
    manifest.put("schemaVersion", 2).put("mediaType", TYPE + "manifest.v1+json");
    manifest.set("config", blob("config.v1+json", image));
    manifest.set("layers", layers);
    ObjectNode index = JSON.createObjectNode();
    index.put("schemaVersion", 2).put("mediaType", TYPE + "index.v1+json");
    ObjectNode described = blob("manifest.v1+json", manifest);
    described.putObject("annotations").put("org.opencontainers.image.ref.name", "latest");
    index.putArray("manifests").add(described);
    Files.write(folder.resolve("index.json"), JSON.writeValueAsBytes(index));
    Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
  }

  private ObjectNode blob(String type, ObjectNode document) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    MessageDigest sha256 = Sha256.digest();
    JSON.writeValue(new DigestOutputStream(bytes, sha256), document);
    Digest digest = new Digest(Sha256.hex(sha256));
    Files.write(folder.resolve(digest.path()), bytes.toByteArray());
    return descriptor(type, digest, bytes.size());
  }

  private static ObjectNode descriptor(String type, Digest digest, long size) {
    ObjectNode descriptor = JSON.createObjectNode();
    descriptor.put("mediaType", TYPE + type);
    return descriptor.put("digest", digest.toString()).put("size", size);
  }
}
