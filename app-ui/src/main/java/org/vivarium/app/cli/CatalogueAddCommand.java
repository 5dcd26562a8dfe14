package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Adds a guest that its publisher offers as a disk image. */
@Command(
    name = "add",
    description = {
      "Add a guest to the catalogue: a cloud image that its publisher offers.",
      "It is written to a file that can be edited; 'prepare' or the first machine fetches the image.",
      "Its digest is given here, or stands in the publisher's list, which a keyring can check."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium catalogue add ubuntu --user ubuntu --format qcow2 --url https://HOST/noble.img",
      "      --checksums https://HOST/SHA256SUMS --signature https://HOST/SHA256SUMS.gpg",
      "      --keyring /usr/share/keyrings/ubuntu-cloudimage-keyring.gpg",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class CatalogueAddCommand extends ShellCommand {
  @Parameters(paramLabel = "GUEST", description = "What it shall be called: a-z, 0-9, '.' and '-'.")
  private String id = "";

  @Option(names = "--url", required = true, paramLabel = "URL", description = "Where the image is.")
  private String url = "";

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "qcow2",
      description = "raw or qcow2. Default: qcow2.")
  private String format = "qcow2";

  @Option(names = "--sha256", paramLabel = "HEX", description = "The image's SHA-256.")
  private @Nullable String sha256;

  @Option(names = "--sha512", paramLabel = "HEX", description = "The image's SHA-512.")
  private @Nullable String sha512;

  @Option(
      names = "--checksums",
      paramLabel = "URL",
      description = "The publisher's list of digests, instead of one given here.")
  private @Nullable String checksums;

  @Option(
      names = "--signature",
      paramLabel = "URL",
      description = "The list's signature, if it is in a file of its own.")
  private @Nullable String signature;

  @Option(
      names = "--keyring",
      paramLabel = "FILE",
      description = "The keys of those who may sign the list; without it nobody has to.")
  private @Nullable Path keyring;

  @Option(
      names = "--user",
      paramLabel = "USER",
      description = "Who logs in by ssh; cloud-init makes that user if need be.")
  private @Nullable String user;

  @Option(names = "--title", paramLabel = "TEXT", description = "What people call it.")
  private @Nullable String title;

  CatalogueAddCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    ObjectNode entry = JsonText.object();
    entry.put("id", id).put("kind", "image").put("url", url).put("format", format);
    put(entry, "sha256", sha256);
    put(entry, "sha512", sha512);
    put(entry, "checksums", checksums);
    put(entry, "signature", signature);
    put(entry, "keyring", keyring == null ? null : keyring.toAbsolutePath().toString());
    put(entry, "user", user);
    put(entry, "title", title);
    put(entry, "login", user == null ? null : "By ssh as " + user + ", with your key.");
    byte[] json = JsonText.pretty(entry).getBytes(StandardCharsets.UTF_8);
    try {
      CatalogueEntry added = shell.catalogue().add(json);
      shell.note(added.verified());
      shell.note("Added; 'vivarium create NAME --from %s' makes a machine of it.".formatted(id));
      return ExitStatus.OK;
    } catch (ImageException e) {
      throw new InvalidConfigException(e.getMessage(), e);
    }
  }

  private static void put(ObjectNode entry, String field, @Nullable String value) {
    if (value != null) {
      entry.put(field, value);
    }
  }
}
