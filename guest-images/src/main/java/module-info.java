import org.jspecify.annotations.NullMarked;

/** Guest images and disks: package archives, recipes, disk formats. Knows no virtual machine. */
@NullMarked
@SuppressWarnings("requires-automatic")
module org.vivarium.images {
  requires static transitive org.jspecify;
  requires org.apache.commons.compress;
  requires org.tukaani.xz;
  requires org.slf4j;
  requires aircompressor.v3;

  exports org.vivarium.images;
  exports org.vivarium.images.disk;
  exports org.vivarium.images.qcow2;
}
