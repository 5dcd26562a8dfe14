package org.vivarium.images.oci;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;

/**
 * The file tree that layers add up to. Names are followed within the tree alone, as by a process
 * whose root it is: no symbolic link and no ".." leads out of it. Belongs to one thread.
 */
final class FileTree {
  private static final int MOST_LINKS = 40;
  private static final int DEEPEST = 1000;
  private static final int LONGEST_NAME = 255;

  private final Node.Folder root = new Node.Folder(Attributes.IMPLIED);

  Node.Folder root() {
    return root;
  }

  /** A place: a folder of the tree and a name in it. */
  private record Place(Node.Folder folder, String name) {}

  /** Puts something in its place, instead of what was there; a folder keeps what is in it. */
  void put(String path, Node node, int layer) throws ImageException {
    Place place = place(path, layer);
    Node.Child former = place.folder.children().get(place.name);
    if (node instanceof Node.Folder folder
        && former != null
        && former.node() instanceof Node.Folder old) {
      old.describe(folder.attributes());
      place.folder.children().put(place.name, new Node.Child(old, layer));
    } else {
      place.folder.children().put(place.name, new Node.Child(node, layer));
    }
  }

  /**
   * Makes a second name of a file.
   *
   * @throws ImageException if there is no such file
   */
  void link(String path, String target, int layer) throws ImageException {
    Place from = place(target, layer);
    Node.Child child = from.folder.children().get(from.name);
    if (child == null || child.node() instanceof Node.Folder) {
      throw new ImageException(
          "The image links %s to %s, which is no file of it.".formatted(path, target));
    }
    put(path, child.node(), layer);
  }

  /** Removes what lower layers put at a place (OCI image-spec, layer.md, "Whiteouts"). */
  void whiteOut(String path, int layer) throws ImageException {
    Place place = place(path, layer);
    removeLower(place.folder, place.name, layer);
  }

  /** Removes what lower layers put into a folder ("Opaque Whiteout"). */
  void whiteOutChildren(String path, int layer) throws ImageException {
    Node.Folder folder = path.isEmpty() ? root : walk(path + "/.", layer);
    for (String name : List.copyOf(folder.children().keySet())) {
      removeLower(folder, name, layer);
    }
  }

  private static void removeLower(Node.Folder folder, String name, int layer) {
    Node.Child child = folder.children().get(name);
    if (child == null) {
      return;
    }
    if (child.layer() < layer) {
      folder.children().remove(name);
    } else if (child.node() instanceof Node.Folder inner) {
      for (String below : List.copyOf(inner.children().keySet())) {
        removeLower(inner, below, layer);
      }
    }
  }

  /** Makes a folder, unless it is there. */
  void folder(String path, int layer) throws ImageException {
    walk(path, layer);
  }

  /** Finds what a name leads to, all links followed; null if nothing. Changes nothing. */
  @Nullable Node find(String path) throws ImageException {
    return follow(parts(path), -1);
  }

  private Place place(String path, int layer) throws ImageException {
    int slash = path.lastIndexOf('/');
    String name = path.substring(slash + 1);
    if (name.isEmpty() || name.equals(".") || name.equals("..")) {
      throw new ImageException("The image holds the malformed path %s.".formatted(path));
    }
    if (name.length() > LONGEST_NAME) {
      throw new ImageException(
          "The image holds a name of more than %d characters.".formatted(LONGEST_NAME));
    }
    return new Place(slash < 0 ? root : walk(path.substring(0, slash), layer), name);
  }

  /** Goes to a folder, making what is missing on the way. */
  private Node.Folder walk(String path, int layer) throws ImageException {
    if (follow(parts(path), layer) instanceof Node.Folder folder) {
      return folder;
    }
    throw new ImageException(
        "The image holds a file below %s, which is no folder.".formatted(path));
  }

  private static Deque<String> parts(String path) {
    return new ArrayDeque<>(Arrays.asList(path.split("/")));
  }

  /**
   * Follows a path.
   *
   * @param layer what is missing is made for it, and what is passed is marked with it; negative:
   *     nothing is changed
   */
  private @Nullable Node follow(Deque<String> parts, int layer) throws ImageException {
    Deque<Node.Folder> way = new ArrayDeque<>(List.of(root));
    int links = 0;
    while (!parts.isEmpty()) {
      String name = parts.pop();
      Node.Folder here = way.getFirst();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        if (way.size() > 1) {
          way.pop();
        }
        continue;
      }
      Node.Child child = here.children().get(name);
      if (child == null) {
        if (layer < 0) {
          return null;
        }
        child = new Node.Child(new Node.Folder(Attributes.IMPLIED), layer);
      }
      if (layer >= 0) {
        here.children().put(name, new Node.Child(child.node(), Math.max(layer, child.layer())));
      }
      switch (child.node()) {
        case Node.Folder folder -> way.push(folder);
        case Node.SymbolicLink link -> {
          if (++links > MOST_LINKS) {
            throw new ImageException("The image's link %s leads in a circle.".formatted(name));
          }
          if (link.target().startsWith("/")) {
            way.clear();
            way.push(root);
          }
          List<String> target = Arrays.asList(link.target().split("/"));
          target.reversed().forEach(parts::push);
        }
        case Node.File _, Node.Special _ -> {
          return parts.isEmpty() ? child.node() : null;
        }
      }
      if (way.size() > DEEPEST) {
        throw new ImageException("The image's folders are nested too deep.");
      }
    }
    return way.getFirst();
  }
}
