package org.vivarium.app.lab;

import java.util.List;
import java.util.function.UnaryOperator;
import org.vivarium.app.bench.Children;
import org.vivarium.app.doctor.Host;
import org.vivarium.images.BootImage;
import org.vivarium.images.oci.OciStore;
import org.vivarium.images.oci.StoredImage;

/**
 * What a comparison works with.
 *
 * @param host this computer
 * @param children ends what was started, when this process ends
 * @param vivarium makes the command of a process of this program from its arguments
 * @param image what is run; can be had in the form
 * @param form what machines get its files as
 * @param tiny the guest's system
 * @param hardware whether machines run by hardware virtualization
 */
public record Equipment(
    Host host,
    Children children,
    UnaryOperator<List<String>> vivarium,
    StoredImage image,
    OciStore.Form form,
    BootImage tiny,
    boolean hardware) {}
