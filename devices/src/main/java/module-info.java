import org.jspecify.annotations.NullMarked;

/** Device models and their back ends. Knows no machine and no CPU. */
@NullMarked
module org.vivarium.devices {
  requires static transitive org.jspecify;
  requires transitive org.vivarium.kvm;
  requires transitive org.vivarium.images;

  exports org.vivarium.devices.bus;
  exports org.vivarium.devices.virtio.queue;
}
