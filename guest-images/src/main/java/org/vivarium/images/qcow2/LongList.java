package org.vivarium.images.qcow2;

import java.util.Arrays;

/** A growing list of longs, used as a stack. */
final class LongList {
  private long[] values = new long[64];
  private int size;

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  /** Appends all of the other list and empties it. */
  void takeAll(LongList other) {
    for (int i = 0; i < other.size; i++) {
      add(other.values[i]);
    }
    other.size = 0;
  }

  long last() {
    return values[size - 1];
  }

  void removeLast() {
    size--;
  }

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  void sort() {
    Arrays.sort(values, 0, size);
  }
}
