package org.vivarium.vmm.engine;

/** How a machine ended. */
public sealed interface Outcome {
  /** The guest powered itself off (ACPI S5). */
  record PoweredOff() implements Outcome {}

  /** The guest's kernel panicked; {@code why} is its own last word where there is one. */
  record Panicked(String why) implements Outcome {}

  /** {@link VirtualMachine#kill()} or {@link VirtualMachine#close()} ended it. */
  record Killed() implements Outcome {}

  /** The machine itself failed; a sentence for people. */
  record Failed(String why) implements Outcome {}
}
