import org.jspecify.annotations.NullMarked;

/** Guest images and disks: package archives, recipes, disk formats. Knows no virtual machine. */
@NullMarked
module org.vivarium.images {
  requires static transitive org.jspecify;
  requires org.apache.commons.compress;
  requires org.tukaani.xz;
  requires org.slf4j;

  exports org.vivarium.images;
}
