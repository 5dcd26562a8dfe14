package org.vivarium.images.oci;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.ImageException;

/**
 * Who a process of an image is.
 *
 * @param uid user
 * @param groups the process's own group, then further ones
 * @param home the user's folder
 */
public record Identity(int uid, List<Integer> groups, String home) {
  /** As many as the guest's program "enter" takes. */
  private static final int MOST_GROUPS = 64;

  /** Copies the list. */
  public Identity {
    groups = List.copyOf(groups);
    if (groups.isEmpty()) {
      throw new IllegalArgumentException("no group");
    }
  }

  /**
   * Finds a user as container engines do: by name or number, with the groups that list it unless
   * one is named.
   *
   * @param user USER, USER:GROUP or empty for root
   * @param passwd the image's /etc/passwd, or empty
   * @param group the image's /etc/group, or empty
   * @throws ImageException if the image does not know the user
   */
  static Identity find(String user, String passwd, String group) throws ImageException {
    String[] words = (user.isEmpty() ? "0" : user).split(":", 2);
    String[] entry = entry(passwd, words[0]);
    if (entry.length == 0 && !isNumber(words[0])) {
      throw new ImageException("The image does not know its own user %s.".formatted(words[0]));
    }
    int uid = number(entry.length == 0 ? words[0] : entry[2]);
    List<Integer> groups = new ArrayList<>();
    if (words.length == 2) {
      String[] named = entry(group, words[1]);
      if (named.length == 0 && !isNumber(words[1])) {
        throw new ImageException("The image does not know its own group %s.".formatted(words[1]));
      }
      groups.add(number(named.length == 0 ? words[1] : named[2]));
    } else {
      groups.add(entry.length == 0 ? 0 : number(entry[3]));
      for (String line : group.lines().toList()) {
        String[] fields = line.split(":", -1);
        boolean member =
            fields.length > 3
                && entry.length > 0
                && List.of(fields[3].split(",")).contains(entry[0])
                && isNumber(fields[2]);
        if (member && groups.size() < MOST_GROUPS && !groups.contains(number(fields[2]))) {
          groups.add(number(fields[2]));
        }
      }
    }
    String home = entry.length > 5 && entry[5].startsWith("/") ? entry[5] : "/";
    return new Identity(uid, groups, home);
  }

  /** The fields of the line about a name or number; empty if there is none. */
  private static String[] entry(String file, String key) {
    for (String line : file.lines().toList()) {
      String[] fields = line.split(":", -1);
      boolean whole =
          fields.length > 3 && isNumber(fields[2]) && (fields.length < 5 || isNumber(fields[3]));
      if (whole && (fields[0].equals(key) || fields[2].equals(key))) {
        return fields;
      }
    }
    return new String[0];
  }

  private static boolean isNumber(String text) {
    return text.matches("[0-9]{1,9}");
  }

  private static int number(String text) {
    return Integer.parseInt(text);
  }
}
