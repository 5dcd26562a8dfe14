package org.vivarium.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {
  /** A command with one option of each kind, and with operands if they are labelled. */
  private record Sample(String operands) implements Command {
    @Override
    public String name() {
      return "sample";
    }

    @Override
    public String summary() {
      return "For the test.";
    }

    @Override
    public List<Option> options() {
      return List.of(
          Option.flag("--stages", "A flag."),
          Option.value("--cpus", "N", "A value."),
          Option.values("--disk", "FILE", "Several values."));
    }

    @Override
    public int run(Arguments arguments, PrintStream out) {
      return ExitStatus.OK;
    }
  }

  private static Arguments parse(String... words) throws CommandException {
    return Arguments.parse(new Sample(""), List.of(words));
  }

  private static String refusal(String... words) {
    CommandException e = assertThrows(CommandException.class, () -> parse(words));
    assertEquals(ExitStatus.BAD_INPUT, e.status());
    return String.valueOf(e.getMessage());
  }

  @Test
  void valueIsTakenFromTheNextWordOrAfterAnEqualsSign() throws Exception {
    assertEquals(Optional.of("4"), parse("--cpus", "4").value("--cpus"));
    assertEquals(Optional.of("4"), parse("--cpus=4").value("--cpus"));
    assertEquals(Optional.of(""), parse("--cpus=").value("--cpus"));
    assertEquals(Optional.of("a=b"), parse("--cpus=a=b").value("--cpus"));
    assertEquals(Optional.of("-1"), parse("--cpus", "-1").value("--cpus"));
  }

  @Test
  void optionThatWasNotGivenHasNoValue() throws Exception {
    Arguments arguments = parse();

    assertFalse(arguments.has("--stages"));
    assertEquals(Optional.empty(), arguments.value("--cpus"));
    assertEquals(List.of(), arguments.values("--disk"));
    assertEquals(OptionalLong.empty(), arguments.number("--cpus", 1, 64));
  }

  @Test
  void repeatableOptionKeepsItsOrder() throws Exception {
    Arguments arguments = parse("--disk", "b", "--stages", "--disk=a");

    assertTrue(arguments.has("--stages"));
    assertEquals(List.of("b", "a"), arguments.values("--disk"));
  }

  @Test
  void operandsFollowTheOptionsOrTheTwoDashes() throws Exception {
    Arguments arguments =
        Arguments.parse(new Sample("FILE"), List.of("x", "--stages", "-", "--", "--cpus"));

    assertEquals(List.of("x", "-", "--cpus"), arguments.operands());
  }

  @Test
  void unknownOptionIsRefusedWithAGuess() {
    assertEquals("Unknown option '--cpu'; did you mean '--cpus'?", refusal("--cpu", "4"));
    assertEquals("Unknown option '--colour'.", refusal("--colour=red"));
    assertEquals("Unknown option '-c'.", refusal("-c"));
  }

  @Test
  void misuseOfAnOptionIsRefused() {
    assertEquals("Option --cpus needs a value: N.", refusal("--cpus"));
    assertEquals("Option --cpus is given twice.", refusal("--cpus", "1", "--cpus", "2"));
    assertEquals("Option --stages is given twice.", refusal("--stages", "--stages"));
    assertEquals("Option --stages takes no value.", refusal("--stages=yes"));
    assertEquals("Unexpected argument 'extra'.", refusal("extra"));
  }

  @ParameterizedTest
  @CsvSource({"0", "65", "-1", "4x", "''", "99999999999999999999", "1.5"})
  void numberOutOfItsRangeIsRefused(String text) throws Exception {
    Arguments arguments = parse("--cpus=" + text);

    CommandException e =
        assertThrows(CommandException.class, () -> arguments.number("--cpus", 1, 64));

    assertEquals(
        "Option --cpus takes a whole number from 1 to 64, not '" + text + "'.", e.getMessage());
  }

  @Test
  void numberInItsRangeIsReturned() throws Exception {
    assertEquals(OptionalLong.of(64), parse("--cpus=64").number("--cpus", 1, 64));
  }
}
