import org.jspecify.annotations.NullMarked;

/**
 * The native ground: jextract's bindings to Linux (not exported) and the safe layer over them.
 *
 * <p>The only module that reaches {@code java.lang.foreign}'s restricted methods; run it with
 * {@code --enable-native-access=org.vivarium.kvm}.
 */
@NullMarked
module org.vivarium.kvm {
  requires static transitive org.jspecify;

  exports org.vivarium.kvm;
}
