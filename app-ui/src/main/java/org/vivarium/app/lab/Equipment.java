package org.vivarium.app.lab;

import org.vivarium.app.bench.Children;
import org.vivarium.app.bench.Vivarium;
import org.vivarium.app.doctor.Host;
import org.vivarium.images.BootImage;
import org.vivarium.images.oci.StoredImage;

/**
 * What a comparison works with.
 *
 * @param host this computer
 * @param children ends what was started, when this process ends
 * @param vivarium starts machines
 * @param image what is run
 * @param tiny the guest's system
 * @param hardware whether machines run by hardware virtualization
 */
public record Equipment(
    Host host,
    Children children,
    Vivarium vivarium,
    StoredImage image,
    BootImage tiny,
    boolean hardware) {}
