package org.vivarium.vmm.acpi;

import java.util.Arrays;
import java.util.UUID;

/**
 * A term of ACPI Machine Language, encoded (ACPI 6.4, chapter 20). Terms are built from the inside
 * out by the static methods, which carry the names of ASL's operators.
 *
 * <p>The arguments come from this program, not from a guest or a file: a wrong one is a bug and an
 * IllegalArgumentException.
 */
public final class Aml {
  private static final int ZERO = 0x00;
  private static final int NULL_NAME = 0x00;
  private static final int ONE = 0x01;
  private static final int NAME = 0x08;
  private static final int BYTE_PREFIX = 0x0A;
  private static final int WORD_PREFIX = 0x0B;
  private static final int DWORD_PREFIX = 0x0C;
  private static final int STRING_PREFIX = 0x0D;
  private static final int QWORD_PREFIX = 0x0E;
  private static final int SCOPE = 0x10;
  private static final int BUFFER = 0x11;
  private static final int PACKAGE = 0x12;
  private static final int METHOD = 0x14;
  private static final int EXTENDED = 0x5B;
  private static final int REGION = 0x80;
  private static final int FIELD = 0x81;
  private static final int DEVICE = 0x82;
  private static final int SYSTEM_IO = 1;

  /** Field flags: accesses of 32 bits, no lock, what is not written is written as zeros. */
  private static final int DWORDS_WRITE_AS_ZEROS = 3 | 2 << 5;

  private static final int LOCAL_0 = 0x60;
  private static final int ARG_0 = 0x68;
  private static final int STORE = 0x70;
  private static final int AND = 0x7B;
  private static final int OR = 0x7D;
  private static final int NOTIFY = 0x86;
  private static final int CREATE_DWORD_FIELD = 0x8A;
  private static final int LNOT = 0x92;
  private static final int LEQUAL = 0x93;
  private static final int IF = 0xA0;
  private static final int ELSE = 0xA1;
  private static final int RETURN = 0xA4;
  private static final int SERIALIZED = 1 << 3;
  private static final int EISA_ID_LETTERS = 3;
  private static final int EISA_ID_LENGTH = 7;

  private final byte[] bytes;

  private Aml(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The encoded term, a copy. */
  public byte[] toBytes() {
    return bytes.clone();
  }

  // Named objects.

  /** Puts terms under an existing name. */
  public static Aml scope(String path, Aml... terms) {
    return packed(SCOPE, join(AmlName.encode(path), terms));
  }

  /** A device and what belongs to it. */
  public static Aml device(String path, Aml... terms) {
    return packedExtended(DEVICE, join(AmlName.encode(path), terms));
  }

  /** A named constant. */
  public static Aml name(String path, Aml value) {
    return term(NAME, raw(AmlName.encode(path)), value);
  }

  /**
   * A control method that at most one thread runs at a time, as a method that creates names must
   * be.
   *
   * @param arguments how many it takes, 0 to 7
   */
  public static Aml methodSerialized(String path, int arguments, Aml... terms) {
    return method(path, checkRange(arguments, 7) | SERIALIZED, terms);
  }

  /**
   * A control method that several threads may run at once.
   *
   * @param arguments how many it takes, 0 to 7
   */
  public static Aml methodNotSerialized(String path, int arguments, Aml... terms) {
    return method(path, checkRange(arguments, 7), terms);
  }

  private static Aml method(String path, int flags, Aml... terms) {
    return packed(METHOD, join(join(AmlName.encode(path), new byte[] {(byte) flags}), terms));
  }

  /** A region of I/O ports. */
  public static Aml portRegion(String path, int port, int size) {
    byte[] opcode = {EXTENDED, (byte) REGION};
    byte[] space = {SYSTEM_IO};
    byte[] name = AmlName.encode(path);
    return raw(join(join(join(opcode, name), space), integer(port), integer(size)));
  }

  /** Registers of 32 bits, one after the other from a region's start, by their names. */
  public static Aml dwordFields(String region, String... names) {
    byte[] content = join(AmlName.encode(region), new byte[] {DWORDS_WRITE_AS_ZEROS});
    for (String name : names) {
      content = join(join(content, AmlName.encode(name)), new byte[] {Integer.SIZE});
    }
    return packedExtended(FIELD, content);
  }

  /** A field of 32 bits in a buffer, from byte {@code index} on. */
  public static Aml createDWordField(Aml buffer, int index, String path) {
    return term(CREATE_DWORD_FIELD, buffer, integer(index), raw(AmlName.encode(path)));
  }

  // Data.

  /** An integer in its shortest encoding; unsigned. */
  public static Aml integer(long value) {
    if (value == 0 || value == 1) {
      return raw(new byte[] {(byte) (value == 0 ? ZERO : ONE)});
    }
    if (value >>> 8 == 0) {
      return prefixed(BYTE_PREFIX, value, 1);
    }
    if (value >>> 16 == 0) {
      return prefixed(WORD_PREFIX, value, 2);
    }
    return value >>> 32 == 0 ? prefixed(DWORD_PREFIX, value, 4) : prefixed(QWORD_PREFIX, value, 8);
  }

  /** A string of ASCII characters other than NUL. */
  public static Aml string(String text) {
    byte[] characters = new byte[text.length() + 1];
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0 || c >= 0x80) {
        throw new IllegalArgumentException("Not ASCII: " + text);
      }
      characters[i] = (byte) c;
    }
    return term(STRING_PREFIX, raw(characters));
  }

  /** A buffer that holds the bytes. */
  public static Aml buffer(byte[] content) {
    return packed(BUFFER, join(integer(content.length).bytes, content));
  }

  /** A package of at most 255 elements. */
  public static Aml packageOf(Aml... elements) {
    byte[] count = {(byte) checkRange(elements.length, 255)};
    return packed(PACKAGE, join(count, elements));
  }

  /** A reference to an object by its path. */
  public static Aml path(String path) {
    return raw(AmlName.encode(path));
  }

  /**
   * A plug-and-play identifier as an integer (ACPI 6.4, 19.6.37).
   *
   * @param id three capital letters and four hexadecimal digits, such as PNP0A08
   */
  public static Aml eisaId(String id) {
    int value = 0;
    for (int i = 0; i < EISA_ID_LENGTH; i++) {
      boolean letter = i < EISA_ID_LETTERS;
      char c = id.length() == EISA_ID_LENGTH ? id.charAt(i) : 0;
      int digit = letter ? c - '@' : Character.digit(c, 16);
      if (digit < (letter ? 1 : 0) || digit > 26) {
        throw new IllegalArgumentException("Not an EISA identifier: " + id);
      }
      value = value << (letter ? 5 : 4) | digit;
    }
    return prefixed(DWORD_PREFIX, Integer.toUnsignedLong(Integer.reverseBytes(value)), 4);
  }

  /** A UUID in the mixed byte order of ASL's ToUUID (ACPI 6.4, 19.6.142). */
  public static Aml uuid(UUID uuid) {
    long high = uuid.getMostSignificantBits();
    byte[] content = new byte[16];
    little(content, 0, high >>> 32, 4);
    little(content, 4, high >>> 16, 2);
    little(content, 6, high, 2);
    little(content, 8, Long.reverseBytes(uuid.getLeastSignificantBits()), 8);
    return buffer(content);
  }

  // Expressions and statements.

  /** Local variable 0 to 7. */
  public static Aml local(int index) {
    return term(LOCAL_0 + checkRange(index, 7));
  }

  /** Method argument 0 to 6. */
  public static Aml arg(int index) {
    return term(ARG_0 + checkRange(index, 6));
  }

  /** Stores a value. */
  public static Aml store(Aml value, Aml target) {
    return term(STORE, value, target);
  }

  /** Stores the bitwise and of two values. */
  public static Aml and(Aml left, Aml right, Aml target) {
    return term(AND, left, right, target);
  }

  /** The bitwise and of two values, stored nowhere. */
  public static Aml and(Aml left, Aml right) {
    return and(left, right, raw(new byte[] {NULL_NAME}));
  }

  /** Stores the bitwise or of two values. */
  public static Aml or(Aml left, Aml right, Aml target) {
    return term(OR, left, right, target);
  }

  /** Whether two values are equal. */
  public static Aml equal(Aml left, Aml right) {
    return term(LEQUAL, left, right);
  }

  /** Whether two values differ. */
  public static Aml notEqual(Aml left, Aml right) {
    return term(LNOT, equal(left, right));
  }

  /** Runs the statements if the condition holds. */
  public static Aml ifThen(Aml condition, Aml... statements) {
    return packed(IF, join(condition.bytes, statements));
  }

  /** Runs the statements if the {@link #ifThen} directly before it did not. */
  public static Aml otherwise(Aml... statements) {
    return packed(ELSE, join(new byte[0], statements));
  }

  /** Ends the method with a value. */
  public static Aml returns(Aml value) {
    return term(RETURN, value);
  }

  /** Tells the driver of an object that something happened to it (ACPI 6.4, 5.6.6). */
  public static Aml notify(Aml object, int value) {
    return term(NOTIFY, object, integer(value));
  }

  // Encoding.

  private static int checkRange(int value, int most) {
    if (value < 0 || value > most) {
      throw new IllegalArgumentException(value + " is not 0 to " + most);
    }
    return value;
  }

  private static Aml raw(byte[] bytes) {
    return new Aml(bytes);
  }

  private static Aml term(int opcode, Aml... operands) {
    return new Aml(join(new byte[] {(byte) opcode}, operands));
  }

  private static Aml prefixed(int prefix, long value, int size) {
    byte[] encoded = new byte[1 + size];
    encoded[0] = (byte) prefix;
    little(encoded, 1, value, size);
    return new Aml(encoded);
  }

  private static void little(byte[] target, int offset, long value, int size) {
    for (int i = 0; i < size; i++) {
      target[offset + i] = (byte) (value >>> (8 * i));
    }
  }

  // No lists and no streams: a machine has a thousand terms, and they are made before its first
  // instruction, by an interpreter.

  private static byte[] join(byte[] first, Aml... terms) {
    int length = first.length;
    for (Aml term : terms) {
      length += term.bytes.length;
    }
    byte[] all = Arrays.copyOf(first, length);
    int at = first.length;
    for (Aml term : terms) {
      System.arraycopy(term.bytes, 0, all, at, term.bytes.length);
      at += term.bytes.length;
    }
    return all;
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  /** A term whose length stands after its opcode. */
  private static Aml packed(int opcode, byte[] content) {
    return raw(join(join(new byte[] {(byte) opcode}, packageLength(content.length)), content));
  }

  /** The same with an opcode of two bytes. */
  private static Aml packedExtended(int opcode, byte[] content) {
    byte[] both = {EXTENDED, (byte) opcode};
    return raw(join(join(both, packageLength(content.length)), content));
  }

  /** PkgLength (ACPI 6.4, 20.2.4): counts its own bytes too. */
  private static byte[] packageLength(int contentLength) {
    if (contentLength + 1 < 1 << 6) {
      return new byte[] {(byte) (contentLength + 1)};
    }
    for (int extra = 1; extra <= 3; extra++) {
      int total = contentLength + 1 + extra;
      if (total < 1 << (4 + 8 * extra)) {
        byte[] encoded = new byte[1 + extra];
        encoded[0] = (byte) (extra << 6 | (total & 0xF));
        little(encoded, 1, total >>> 4, extra);
        return encoded;
      }
    }
    throw new IllegalArgumentException("A term of " + contentLength + " bytes is too long");
  }
}
