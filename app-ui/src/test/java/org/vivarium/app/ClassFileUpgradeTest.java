package org.vivarium.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.classfile.ClassFile;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ClassFileUpgradeTest {
  private static final Path OLD =
      Path.of(CommandLine.class.getProtectionDomain().getCodeSource().getLocation().getPath());

  @TempDir private Path folder;

  private Path upgraded() throws Exception {
    Path copy = folder.resolve("copy.jar");
    ClassFileUpgrade.rewrite(OLD, copy);
    return copy;
  }

  private static List<String> names(JarFile jar) {
    return jar.stream().map(JarEntry::getName).toList();
  }

  @Test
  void everyClassIsOfAVersionThatTheCacheHolds() throws Exception {
    Path copy = upgraded();

    try (JarFile before = new JarFile(OLD.toFile());
        JarFile after = new JarFile(copy.toFile())) {
      assertEquals(names(before), names(after));
      for (JarEntry entry : after.stream().filter(e -> e.getName().endsWith(".class")).toList()) {
        byte[] bytes = after.getInputStream(entry).readAllBytes();
        int version = ClassFile.of().parse(bytes).majorVersion();
        assertTrue(version >= ClassFile.JAVA_6_VERSION, entry + " is of version " + version);
        assertEquals(List.of(), ClassFile.of().verify(bytes), entry.getName());
      }
    }
  }

  @Test
  void theLibraryWorksAsBefore() throws Exception {
    URL[] copy = {upgraded().toUri().toURL()};

    try (URLClassLoader loader = new URLClassLoader(copy, ClassLoader.getPlatformClassLoader())) {
      Object version = loader.loadClass("picocli.CommandLine").getField("VERSION").get(null);

      assertEquals(CommandLine.VERSION, version);
    }
  }
}
