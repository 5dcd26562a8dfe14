package org.vivarium.images.oci;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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

  private static final String OPAQUE_MARK = "trusted.overlay.opaque";

  private final Node.Folder root = new Node.Folder(Attributes.IMPLIED);

  /** What the layer at work removes from folders of those below it. */
  private final Map<Node.Folder, Removed> removed = new IdentityHashMap<>();

  /** Files of lower layers that the layer at work gives further names. */
  private final Set<Node> linked = Collections.newSetFromMap(new IdentityHashMap<>());

  private static final class Removed {
    private boolean all;
    private final TreeSet<String> names = new TreeSet<>();
  }

  Node.Folder root() {
    return root;
  }

  /** Begins a layer; {@link #overlay} tells what it changed until the next one begins. */
  void beginLayer() {
    removed.clear();
    linked.clear();
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
      if (former != null) {
        removed(place.folder).names.add(place.name);
      }
      place.folder.children().put(place.name, new Node.Child(node, layer));
    }
  }

  private Removed removed(Node.Folder folder) {
    return removed.computeIfAbsent(folder, _ -> new Removed());
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
    if (child.layer() < layer) {
      linked.add(child.node());
    }
    put(path, child.node(), layer);
  }

  /** Removes what lower layers put at a place (OCI image-spec, layer.md, "Whiteouts"). */
  void whiteOut(String path, int layer) throws ImageException {
    Place place = place(path, layer);
    if (place.folder.children().containsKey(place.name)) {
      removed(place.folder).names.add(place.name);
    }
    removeLower(place.folder, place.name, layer);
  }

  /** Removes what lower layers put into a folder ("Opaque Whiteout"). */
  void whiteOutChildren(String path, int layer) throws ImageException {
    Node.Folder folder = path.isEmpty() ? root : walk(path + "/.", layer);
    removed(folder).all = true;
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

  /**
   * Returns what the layer at work says, in overlayfs's terms: what it puts, with the folders on
   * the way; a device 0:0 for what it takes away; a mark on folders whose former content it hides
   * (Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories").
   */
  Node.Folder overlay(int layer) {
    if (!linked.isEmpty()) {
      markLinked(root, layer);
    }
    return overlay(root, layer, false, false);
  }

  /** All names of a file belong to one layer, or they would not be links to each other. */
  private boolean markLinked(Node.Folder folder, int layer) {
    boolean any = false;
    for (Map.Entry<String, Node.Child> entry : folder.children().entrySet()) {
      Node node = entry.getValue().node();
      boolean here =
          node instanceof Node.Folder inner ? markLinked(inner, layer) : linked.contains(node);
      if (here) {
        entry.setValue(new Node.Child(node, layer));
        any = true;
      }
    }
    return any;
  }

  /**
   * @param alone whether no lower layer shows through: overlayfs would list whiteouts there
   * @param opaque whether the folder is the topmost such one
   */
  private Node.Folder overlay(Node.Folder folder, int layer, boolean alone, boolean opaque) {
    Removed gone = removed.getOrDefault(folder, new Removed());
    boolean hides = !alone && (opaque || gone.all);
    boolean pure = alone || hides;
    Attributes attributes = folder.attributes();
    Node.Folder copy = new Node.Folder(hides ? attributes.with(OPAQUE_MARK, "y") : attributes);
    for (Map.Entry<String, Node.Child> entry : folder.children().entrySet()) {
      Node.Child child = entry.getValue();
      if (child.layer() == layer) {
        boolean anew = gone.names.contains(entry.getKey());
        Node node =
            child.node() instanceof Node.Folder inner
                ? overlay(inner, layer, pure, anew)
                : child.node();
        copy.children().put(entry.getKey(), new Node.Child(node, layer));
      }
    }
    if (!pure) {
      for (String name : gone.names) {
        if (!folder.children().containsKey(name)) {
          copy.children().put(name, new Node.Child(whiteout(), layer));
        }
      }
    }
    return copy;
  }

  private static Node whiteout() {
    return new Node.Special(new Attributes(0, 0, 0, 0), Node.Special.CHARACTER, 0, 0);
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
   * @param layer what is missing is made for it, and the folders passed are marked with it;
   *     negative: nothing is changed
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
      if (layer >= 0 && !(child.node() instanceof Node.SymbolicLink)) {
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
