package org.vivarium.app.desktop.page;

import org.vivarium.app.desktop.base.Ui;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/** What a machine boots, in words. */
final class Guests {
  private Guests() {}

  static String name(Ui ui, VmDefinition definition) {
    return switch (definition.guest()) {
      case GuestSource.Catalogue(String entry, _) ->
          entry.equals("tiny") ? ui.text("guest.tiny") : entry;
      case GuestSource.Kernel kernel ->
          ui.text("guest.kernel", String.valueOf(kernel.kernel().getFileName()));
      case GuestSource.Disk _ -> ui.text("guest.disk");
    };
  }
}
