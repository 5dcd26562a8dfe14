package org.vivarium.vmm.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.vivarium.images.DurableFiles;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.definition.DefinitionJson;
import org.vivarium.vmm.definition.VmDefinition;

/**
 * Reads and writes {@code vm.json}. A file of an older version is migrated when it is read, and the
 * old one kept beside it as {@code vm.json.old}.
 */
public final class DefinitionFile {
  /** No definition comes near that, bytes; a larger file is not one. */
  static final long MAX_SIZE = 1 << 20;

  private static final LazyLogger LOG = LazyLogger.of(DefinitionFile.class);

  private DefinitionFile() {}

  /**
   * Reads a machine's definition.
   *
   * @throws InvalidConfigException naming the file, the field, what was found and what is allowed
   */
  public static VmDefinition read(VmFolder folder) throws InvalidConfigException {
    Path file = folder.definition();
    String text = text(file);
    DefinitionJson.Text read;
    try {
      read = DefinitionJson.read(folder.name(), text);
    } catch (InvalidConfigException e) {
      throw new InvalidConfigException("%s: %s".formatted(file, e.getMessage()), e);
    }
    if (read.migrated()) {
      keepOld(folder, text);
      try {
        write(folder, read.definition());
      } catch (VmmException e) {
        // What was read serves all the same; the next reader migrates again.
        LOG.warn("{} stays as it is of an older version", file, e);
      }
    }
    return read.definition();
  }

  private static void keepOld(VmFolder folder, String text) {
    try {
      DurableFiles.write(folder.path(), "vm.json.old", text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      LOG.warn("{} could not be kept", folder.definition(), e);
    }
  }

  private static String text(Path file) throws InvalidConfigException {
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new InvalidConfigException("%s is not a regular file.".formatted(file));
      }
      if (Files.size(file) > MAX_SIZE) {
        throw new InvalidConfigException(
            "%s is larger than the %d bytes that a definition may have.".formatted(file, MAX_SIZE));
      }
      byte[] bytes = Files.readAllBytes(file);
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (NoSuchFileException e) {
      throw new InvalidConfigException("%s is missing.".formatted(file), e);
    } catch (CharacterCodingException e) {
      throw new InvalidConfigException("%s is not UTF-8 text.".formatted(file), e);
    } catch (IOException e) {
      throw new InvalidConfigException(
          "%s cannot be read: %s.".formatted(file, HostErrors.reason(e)), e);
    }
  }

  /**
   * Replaces the definition in one step that survives a crash: the file holds the old or the new.
   *
   * @throws VmmException if a field is bad or the host refuses
   */
  public static void write(VmFolder folder, VmDefinition definition) throws VmmException {
    DefinitionJson.check(definition);
    byte[] bytes = DefinitionJson.write(definition).getBytes(StandardCharsets.UTF_8);
    try {
      DurableFiles.write(folder.path(), folder.definition().getFileName().toString(), bytes);
    } catch (IOException e) {
      throw HostErrors.refusal("%s cannot be written".formatted(folder.definition()), e);
    }
  }
}
