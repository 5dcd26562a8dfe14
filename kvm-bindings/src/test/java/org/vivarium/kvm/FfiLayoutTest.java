package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.UnionLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.kvm.ffi.Linux;

/**
 * Compares every constant, size and offset of the generated bindings with the headers of this
 * system: a C program made from the bindings by reflection prints what the compiler thinks.
 */
class FfiLayoutTest {
  private static final Path JEXTRACT = Path.of("src/main/jextract");
  private static final List<String> COMPILERS = List.of("cc", "gcc", "clang");
  private static final Pattern ABSENT =
      Pattern.compile(
          "'(\\w+)' undeclared|undeclared identifier '(\\w+)'|'(struct \\w+)' has no member named"
              + " '(\\w+)'|no member named '(\\w+)' in '(struct \\w+)'|'((?:struct|union) \\w+)'"
              + " (?:has no|is an) incomplete|(?:undefined|incomplete) type '((?:struct|union)"
              + " \\w+)'|unknown type name '(\\w+)'");

  @TempDir Path folder;

  /** What the bindings say, by the C expression that says the same. */
  private final Map<String, Long> expected = new LinkedHashMap<>();

  /** Names of fields, which the headers may hide behind macros of the same name. */
  private final Set<String> fields = new TreeSet<>();

  @Test
  void bindingsAgreeWithTheSystemsHeaders() throws Exception {
    collectConstants();
    int constants = expected.size();
    collectStructures();
    assertTrue(constants > 50, () -> "only " + constants + " constants found");
    assertTrue(expected.size() > constants + 50, () -> "only " + expected.size() + " in all");

    Map<String, Long> actual = run(compile(program()));

    Map<String, String> differences = new TreeMap<>();
    expected.forEach(
        (expression, value) -> {
          long real = actual.getOrDefault(expression, Long.MIN_VALUE);
          if (real != value) {
            differences.put(expression, "bindings " + value + ", headers " + real);
          }
        });
    assertEquals(Map.of(), differences);
    assertEquals(expected.keySet(), actual.keySet());
  }

  private void collectConstants() throws ReflectiveOperationException {
    for (Method method : Linux.class.getDeclaredMethods()) {
      boolean integer = method.getReturnType() == int.class || method.getReturnType() == long.class;
      if (integer && isAccessor(method) && !method.getName().contains("$")) {
        String expression = "(" + method.getReturnType() + ")" + method.getName();
        expected.put(expression, ((Number) method.invoke(null)).longValue());
      }
    }
  }

  private void collectStructures() throws Exception {
    URI classes = Linux.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    Set<String> typedefs = typedefs();
    List<String> names;
    try (Stream<Path> files = Files.list(Path.of(classes).resolve("org/vivarium/kvm/ffi"))) {
      names =
          files
              .map(file -> file.getFileName().toString().replace(".class", ""))
              .filter(name -> !name.contains("$") && !name.equals("Linux"))
              .sorted()
              .toList();
    }
    for (String name : names) {
      Class<?> structure = Class.forName("org.vivarium.kvm.ffi." + name);
      if (structure.getSuperclass() == Object.class) { // else a typedef of another structure
        GroupLayout layout = (GroupLayout) structure.getMethod("layout").invoke(null);
        String kind = layout instanceof UnionLayout ? "union " : "struct ";
        String type = typedefs.contains(name) ? name : kind + name;
        expected.put("sizeof(" + type + ")", layout.byteSize());
        collectFields(structure, type, "", 0);
      }
    }
  }

  /**
   * The fields of a structure and of the unnamed structures inside it, which the bindings turn into
   * nested classes named after the field.
   */
  private void collectFields(Class<?> structure, String type, String path, long base)
      throws ReflectiveOperationException {
    for (Method method : structure.getDeclaredMethods()) {
      if (isAccessor(method) && method.getName().endsWith("$offset")) {
        String field = method.getName().substring(0, method.getName().lastIndexOf('$'));
        long offset = base + (long) method.invoke(null);
        long size = ((MemoryLayout) layout(structure, field).invoke(null)).byteSize();
        fields.add(field);
        expected.put("offsetof(" + type + ", " + path + field + ")", offset);
        if (size > 0) { // a flexible array member has no size in C
          expected.put("sizeof(((" + type + " *)0)->" + path + field + ")", size);
        }
      }
    }
    for (Class<?> nested : structure.getDeclaredClasses()) {
      if (Stream.of(nested.getDeclaredMethods()).noneMatch(m -> m.getName().equals("sizeof"))) {
        continue; // the type of a function pointer
      }
      String field = nested.getSimpleName();
      long offset = (long) structure.getMethod(field + "$offset").invoke(null);
      collectFields(nested, type, path + field + ".", base + offset);
    }
  }

  private static Method layout(Class<?> structure, String field) throws NoSuchMethodException {
    return structure.getMethod(field + "$layout");
  }

  private static boolean isAccessor(Method method) {
    return Modifier.isPublic(method.getModifiers())
        && Modifier.isStatic(method.getModifiers())
        && method.getParameterCount() == 0;
  }

  private static Set<String> typedefs() throws IOException {
    try (Stream<String> lines = Files.lines(JEXTRACT.resolve("symbols.txt"))) {
      return lines
          .filter(line -> line.startsWith("typedef "))
          .map(line -> line.substring("typedef ".length()))
          .collect(Collectors.toSet());
    }
  }

  private String program() throws IOException {
    StringBuilder source = new StringBuilder(Files.readString(JEXTRACT.resolve("vivarium.h")));
    source.append("#include <stddef.h>\n#include <stdio.h>\n");
    fields.forEach(field -> source.append("#undef ").append(field).append('\n'));
    source.append("int main(void) {\n");
    for (String expression : expected.keySet()) {
      source.append("  printf(\"%s=%lld\\n\", \"").append(expression).append("\", (long long)(");
      source.append(expression).append("));\n");
    }
    return source.append("  return 0;\n}\n").toString();
  }

  private Path compile(String program) throws Exception {
    Path source = Files.writeString(folder.resolve("layout.c"), program);
    Path binary = folder.resolve("layout");
    for (String compiler : COMPILERS) {
      if (isThere(compiler)) {
        List<String> command = List.of(compiler, "-w", source.toString(), "-o", binary.toString());
        Path messages = folder.resolve("messages");
        int status = start(command, messages).waitFor();
        assertEquals(0, status, () -> "The headers of this system lack " + absentNames(messages));
        return binary;
      }
    }
    return fail("There is no C compiler: install the package gcc.");
  }

  private static boolean isThere(String command) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, command)));
  }

  private static String absentNames(Path messages) {
    try {
      String text = Files.readString(messages);
      Set<String> names = new TreeSet<>();
      Matcher matcher = ABSENT.matcher(text);
      while (matcher.find()) {
        List<String> parts = new ArrayList<>();
        for (int group = 1; group <= matcher.groupCount(); group++) {
          if (matcher.group(group) != null) {
            parts.add(matcher.group(group));
          }
        }
        names.add(String.join(" ", parts));
      }
      return names.isEmpty() ? "something; the compiler says:\n" + text : names.toString();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Map<String, Long> run(Path binary) throws Exception {
    Path output = binary.resolveSibling("output");
    assertEquals(0, start(List.of(binary.toString()), output).waitFor());
    Map<String, Long> values = new LinkedHashMap<>();
    for (String line : Files.readAllLines(output)) {
      int equals = line.lastIndexOf('=');
      values.put(line.substring(0, equals), Long.valueOf(line.substring(equals + 1)));
    }
    return values;
  }

  private static Process start(List<String> command, Path output) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C"); // messages in English, with plain quotes
    return builder.redirectOutput(output.toFile()).start();
  }
}
