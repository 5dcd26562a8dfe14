package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The generated classes themselves are compared with the system's headers by FfiLayoutTest. */
class KernelLayoutsTest {
  static Stream<Class<?>> structures() {
    return Stream.of(KvmLayouts.class, LinuxLayouts.class)
        .flatMap(all -> Stream.of(all.getDeclaredClasses()));
  }

  @ParameterizedTest
  @MethodSource("structures")
  void constantsAreThoseOfTheGeneratedStructure(Class<?> structure) throws Exception {
    String name = structure.getSimpleName().replaceAll("(?<=.)(?=[A-Z])", "_");
    Class<?> generated = Class.forName("org.vivarium.kvm.ffi." + name.toLowerCase(Locale.ROOT));
    Map<String, Long> expected = offsets(generated, "", 0);
    expected.put("SIZE", (long) generated.getMethod("sizeof").invoke(null));

    Map<String, Long> constants = new TreeMap<>();
    for (Field field : structure.getDeclaredFields()) {
      constants.put(field.getName(), (long) field.getInt(null));
    }

    Map<String, Long> same = new TreeMap<>(expected);
    same.keySet().retainAll(constants.keySet());
    assertEquals(same, constants, generated::getName);
  }

  /** Offsets of all members, and of all in structures that are members and have no name. */
  private static Map<String, Long> offsets(Class<?> structure, String prefix, long base)
      throws ReflectiveOperationException {
    Map<String, Long> found = new TreeMap<>();
    for (Method method : structure.getDeclaredMethods()) {
      if (method.getName().endsWith("$offset")) {
        String member = method.getName().replace("$offset", "");
        String key = prefix + member.replaceAll("^__", "").toUpperCase(Locale.ROOT);
        long offset = base + (long) method.invoke(null);
        found.put(key, offset);
        for (Class<?> inner : structure.getDeclaredClasses()) {
          if (inner.getSimpleName().equals(member)) {
            found.putAll(offsets(inner, key + "_", offset));
          }
        }
      }
    }
    return found;
  }
}
