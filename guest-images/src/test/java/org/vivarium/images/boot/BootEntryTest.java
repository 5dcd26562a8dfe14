package org.vivarium.images.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BootEntryTest {
  /** As grub-mkconfig writes it, shortened. */
  private static final String GRUB =
      """
      if [ "${next_entry}" ] ; then
         set default="${next_entry}"
      else
         set default="0"
      fi
      menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-1' {
      	load_video
      	if [ x$feature_platform_search_hint = xy ]; then
      	  search --no-floppy --fs-uuid --set=root 1
      	fi
      	echo	'Loading Linux ...'
      	linux	/boot/vmlinuz-6.1.0-9 root=UUID=1 ro  quiet $vt_handoff
      	initrd	/boot/initrd.img-6.1.0-9
      }
      submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-1' {
      	menuentry 'Debian, with 6.1.0-8' $menuentry_id_option 'gnulinux-8' {
      		linux	/boot/vmlinuz-6.1.0-8 root=UUID=1 ro single
      		initrd	/boot/ucode.img /boot/initrd.img-6.1.0-8
      	}
      }
      menuentry "Memory test" {
      	linux16 /boot/memtest
      }
      """;

  private static BootEntry grub(String text, String environment) {
    return GrubConfig.choose(text, environment).orElseThrow();
  }

  @Test
  void grubsFirstEntryIsTheDefault() {
    assertEquals(
        new BootEntry(
            "Debian GNU/Linux",
            "/boot/vmlinuz-6.1.0-9",
            List.of("/boot/initrd.img-6.1.0-9"),
            "root=UUID=1 ro quiet"),
        grub(GRUB, ""));
  }

  @ParameterizedTest
  @CsvSource({
    "2,/boot/memtest",
    "1>gnulinux-8,/boot/vmlinuz-6.1.0-8",
    "Memory test,/boot/memtest",
    "no such,/boot/vmlinuz-6.1.0-9"
  })
  void grubsDefaultIsFoundByPlaceTitleOrId(String wanted, String kernel) {
    assertEquals(
        kernel, grub(GRUB.replace("default=\"0\"", "default=\"" + wanted + "\""), "").kernel());
  }

  @Test
  void grubsSavedEntryCounts() {
    String text = GRUB.replace("default=\"0\"", "default=\"${saved_entry}\"");

    BootEntry entry = grub(text, "# GRUB Environment Block\nsaved_entry=gnulinux-8\n###");

    assertEquals(List.of("/boot/ucode.img", "/boot/initrd.img-6.1.0-8"), entry.initrds());
  }

  @Test
  void theNewestSpecifiedEntryStartsUnlessItIsARescue() {
    Map<String, String> files =
        Map.of(
            "m-0-rescue.conf", "linux /rescue\n",
            "m-6.9.1.conf", "linux /vmlinuz-6.9.1\noptions root=UUID=1\n",
            "m-6.10.0.conf",
                "title Fedora\nlinux /vmlinuz-6.10.0\ninitrd /i.img $tuned_initrd\n"
                    + "options $kernelopts quiet\n");

    BootEntry entry = LoaderEntries.choose(files, "kernelopts=root=UUID=2 ro\n").orElseThrow();

    assertEquals(
        new BootEntry("Fedora", "/vmlinuz-6.10.0", List.of("/i.img"), "root=UUID=2 ro quiet"),
        entry);
    assertEquals(
        "/vmlinuz-6.9.1",
        LoaderEntries.choose(files, "saved_entry=m-6.9.1\n").orElseThrow().kernel());
  }

  @Test
  void extlinuxStartsItsDefaultLabel() {
    String text =
        """
        DEFAULT virt
        LABEL lts
          LINUX vmlinuz-lts
        LABEL virt
          MENU LABEL Linux virt
          LINUX vmlinuz-virt
          INITRD initramfs-virt
          APPEND root=UUID=3 modules=ext4 console=ttyS0,115200
        """;

    assertEquals(
        new BootEntry(
            "LABEL Linux virt",
            "vmlinuz-virt",
            List.of("initramfs-virt"),
            "root=UUID=3 modules=ext4 console=ttyS0,115200"),
        LoaderEntries.ofExtlinux(text).orElseThrow());
  }

  @Test
  void aFileWithoutAKernelGivesNoEntry() {
    assertTrue(GrubConfig.choose("blscfg\n", "").isEmpty());
    assertTrue(LoaderEntries.ofExtlinux("DEFAULT x\nLABEL x\n").isEmpty());
    assertTrue(LoaderEntries.choose(Map.of("a.conf", "efi /EFI/uki.efi\n"), "").isEmpty());
  }

  @FuzzTest(maxDuration = "60s")
  void anyTextGivesAnEntryOrNone(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    assertNotNull(GrubConfig.choose(text, text));
    assertNotNull(LoaderEntries.ofExtlinux(text));
    assertNotNull(LoaderEntries.choose(Map.of("a.conf", text), text));
  }
}
