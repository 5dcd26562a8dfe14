package org.vivarium.app.bench.disk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * A shell script for Tiny Linux that runs jobs of fio, from the disk that has it, and tells of each
 * on the console; on a disk of its own, whose bytes it is.
 *
 * @param setup lines of shell that mount the disk with fio at /mnt, and what else is needed
 * @param global what the job files have in common; the shell's variables are put in
 * @param pause seconds before and after each job
 */
public record FioScript(String setup, String global, String pause) {
  /** What stands before words of the guest that are meant for us. */
  static final String MARK = "@vivarium ";

  static final String BEGIN = MARK + "begin ";
  static final String END = MARK + "end ";
  static final String ROW = MARK + "row ";

  /** Followed by fio's exit status. */
  static final String DONE = MARK + "done ";

  private static final int SECTOR = 512;

  /** The guest's script; a pause around each mark lets us look while the disk rests. */
  private static final String SCRIPT =
      """
      %scd /tmp
      cat >mark <<'MARK'
      #!/bin/sh
      echo "@vivarium $1 $2" >/dev/console
      sleep %s
      MARK
      chmod +x mark
      fio() {
        /mnt/lib/ld-linux-x86-64.so.2 --library-path /mnt/lib /mnt/bin/fio \\
          --output-format=terse --terse-version=3 --eta=never --output=out job
        status=$?
        grep '^3;' out | cut -d ';' -f %s | sed 's/^/@vivarium row /'
        grep -v -e '^3;' -e 'Saving output' out | head -n 20
      }
      %secho "@vivarium done $status"
      exit
      """;

  /** One job, in a process of fio's own: what was measured is told before the next one begins. */
  private static final String JOB =
      """
      cat >job <<JOB
      %sexec_prerun=/tmp/mark begin %s
      exec_postrun=/tmp/mark end %s
      JOB
      fio
      """;

  /**
   * Writes the guest's script.
   *
   * @param file a disk of the guest
   * @param sections what fio is to do, one after the other
   */
  public void write(Path file, List<String> sections) throws IOException {
    StringBuilder jobs = new StringBuilder();
    for (String section : sections) {
      // fio has no word for the name of the job that a command runs before.
      String name = section.substring(1, section.indexOf(']'));
      jobs.append(JOB.formatted(global + section, name, name));
    }
    byte[] text =
        SCRIPT.formatted(setup, pause, FioLine.COLUMNS, jobs).getBytes(StandardCharsets.US_ASCII);
    byte[] sectors = Arrays.copyOf(text, (text.length + SECTOR - 1) / SECTOR * SECTOR);
    Arrays.fill(sectors, text.length, sectors.length, (byte) '\n');
    Files.write(file, sectors);
  }

  /** What the kernel's command line needs to have Tiny Linux run the script on that disk. */
  public static String start(String device) {
    String text = "sh " + device;
    return " vivarium.exec="
        + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }
}
