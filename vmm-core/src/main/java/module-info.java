import org.jspecify.annotations.NullMarked;
import org.vivarium.vmm.PlatformLoggers;

/** The machine: configuration, memory map, processors, boot, life cycle, engines. */
@NullMarked
module org.vivarium.vmm {
  requires static transitive org.jspecify;
  requires transitive org.vivarium.devices;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires org.slf4j;

  provides System.LoggerFinder with
      PlatformLoggers;

  exports org.vivarium.vmm;
  exports org.vivarium.vmm.client;
  exports org.vivarium.vmm.config;
  exports org.vivarium.vmm.definition;
  exports org.vivarium.vmm.disk;
  exports org.vivarium.vmm.engine;
  exports org.vivarium.vmm.machine;
  exports org.vivarium.vmm.process;
}
