import org.jspecify.annotations.NullMarked;

/** Device models and their back ends. Knows no machine and no CPU. */
@NullMarked
module org.vivarium.devices {
  requires static transitive org.jspecify;
  requires transitive org.vivarium.kvm;
  requires transitive org.vivarium.images;
  requires org.slf4j;

  exports org.vivarium.devices.bus;
  exports org.vivarium.devices.legacy;
  exports org.vivarium.devices.pci;
  exports org.vivarium.devices.virtio.balloon;
  exports org.vivarium.devices.virtio.blk;
  exports org.vivarium.devices.virtio.console;
  exports org.vivarium.devices.virtio.net;
  exports org.vivarium.devices.virtio.queue;
  exports org.vivarium.devices.virtio.rng;
  exports org.vivarium.devices.virtio.traffic;
  exports org.vivarium.devices.virtio.transport;
  exports org.vivarium.devices.virtio.vsock;
}
