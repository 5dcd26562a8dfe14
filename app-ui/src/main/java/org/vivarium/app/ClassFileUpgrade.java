package org.vivarium.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites the old classes of a library so that the start-up cache can hold them.
 *
 * <p>The JDK archives no class whose file is older than version 50 (Java SE 6), for such code is
 * verified without stack maps (The Java Virtual Machine Specification, 4.10). picocli is compiled
 * so: its classes were read and verified at each start, a third of the processor time of {@code
 * boot}. The code stays what it was; its stack maps are computed anew.
 */
final class ClassFileUpgrade {
  private static final String CLASS = ".class";

  private ClassFileUpgrade() {}

  /**
   * Writes a copy of a jar, its classes older than version 50 brought to that.
   *
   * @param jar a library whose classes refer to nothing but each other and the JDK
   * @throws IOException if a file cannot be read or written
   */
  static void rewrite(Path jar, Path copy) throws IOException {
    try (JarFile in = new JarFile(jar.toFile());
        JarOutputStream out = new JarOutputStream(Files.newOutputStream(copy))) {
      ClassHierarchyResolver hierarchy =
          ClassHierarchyResolver.ofResourceParsing(type -> open(in, type.descriptorString()))
              .orElse(ClassHierarchyResolver.defaultResolver())
              .cached();
      ClassFile classFile =
          ClassFile.of(
              ClassFile.ClassHierarchyResolverOption.of(hierarchy),
              ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
              // Code that may share its constants is copied as it is, without stack maps.
              ClassFile.ConstantPoolSharingOption.NEW_POOL);
      for (JarEntry entry : Collections.list(in.entries())) {
        byte[] bytes = in.getInputStream(entry).readAllBytes();
        out.putNextEntry(new JarEntry(entry.getName()));
        out.write(entry.getName().endsWith(CLASS) ? upgraded(classFile, bytes) : bytes);
        out.closeEntry();
      }
    }
  }

  private static byte[] upgraded(ClassFile classFile, byte[] bytes) {
    var model = classFile.parse(bytes);
    if (model.majorVersion() >= ClassFile.JAVA_6_VERSION) {
      return bytes;
    }
    return classFile.transformClass(
        model,
        (builder, element) -> {
          if (element instanceof ClassFileVersion) {
            builder.withVersion(ClassFile.JAVA_6_VERSION, 0);
          } else {
            builder.with(element);
          }
        });
  }

  /** The class of the descriptor {@code Lpackage/Name;} in the jar, or null. */
  private static @Nullable InputStream open(JarFile jar, String descriptor) {
    JarEntry entry = jar.getJarEntry(descriptor.substring(1, descriptor.length() - 1) + CLASS);
    try {
      return entry == null ? null : jar.getInputStream(entry);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
