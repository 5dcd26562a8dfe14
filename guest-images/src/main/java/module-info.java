import org.jspecify.annotations.NullMarked;

/** Guest images and disks: package archives, recipes, disk formats. Knows no virtual machine. */
@NullMarked
@SuppressWarnings("requires-automatic") // aircompressor has no module descriptor
module org.vivarium.images {
  requires static transitive org.jspecify;
  requires aircompressor.v3;
  requires com.fasterxml.jackson.databind;
  requires java.net.http;
  requires org.apache.commons.compress;
  requires org.tukaani.xz;

  exports org.vivarium.images;
  exports org.vivarium.images.boot;
  exports org.vivarium.images.catalog;
  exports org.vivarium.images.deb;
  exports org.vivarium.images.disk;
  exports org.vivarium.images.fio;
  exports org.vivarium.images.kernel;
  exports org.vivarium.images.library;
  exports org.vivarium.images.oci;
  exports org.vivarium.images.qcow2;
  exports org.vivarium.images.seed;
  exports org.vivarium.images.ssh;
  exports org.vivarium.images.tiny;
}
