package org.vivarium.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.vivarium.devices.bus.BusDevice;
import org.vivarium.images.Progress;
import org.vivarium.kvm.KvmException;
import org.vivarium.vmm.VmmException;

/** The arrows of docs/architecture.md, in the compiled classes. */
class ArchitectureTest {
  private static JavaClasses vivarium;

  @BeforeAll
  static void readClasses() {
    vivarium =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.vivarium");
  }

  @Test
  void arrowsPointDown() {
    noClasses()
        .that()
        .resideInAPackage("org.vivarium.kvm..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.vivarium.images..",
            "org.vivarium.devices..",
            "org.vivarium.vmm..",
            "org.vivarium.app..")
        .check(vivarium);
    noClasses()
        .that()
        .resideInAPackage("org.vivarium.images..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.vivarium.kvm..",
            "org.vivarium.devices..",
            "org.vivarium.vmm..",
            "org.vivarium.app..")
        .check(vivarium);
    noClasses()
        .that()
        .resideInAPackage("org.vivarium.devices..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.vivarium.vmm..", "org.vivarium.app..")
        .check(vivarium);
    noClasses()
        .that()
        .resideInAPackage("org.vivarium.vmm..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.vivarium.app..")
        .check(vivarium);
  }

  @Test
  void noLoggerIsMadeOnTheWayToTheFirstInstruction() {
    noFields()
        .that()
        .haveRawType(Logger.class)
        .should()
        .beDeclaredInClassesThat(
            DescribedPredicate.describe(
                "are loaded at a machine's start: use a nested class Log",
                type -> type.isTopLevelClass()))
        .andShould()
        .beDeclaredInClassesThat(
            JavaClass.Predicates.resideInAnyPackage(
                "org.vivarium.kvm..",
                "org.vivarium.devices..",
                "org.vivarium.vmm.machine..",
                "org.vivarium.vmm.disk..",
                "org.vivarium.vmm.engine"))
        .check(vivarium);
  }

  @Test
  void nothingAboveTheMonitorKnowsKvm() {
    DescribedPredicate<JavaClass> kvm =
        DescribedPredicate.describe(
            "are KVM's, the terminal of the same module aside",
            type ->
                type.getPackageName().startsWith("org.vivarium.kvm")
                    && !type.getSimpleName().equals("Terminal")
                    && !type.getName().endsWith("Terminal$Size")
                    && !type.getSimpleName().equals("KvmException"));

    noClasses()
        .that()
        .resideInAPackage("org.vivarium.app..")
        .should()
        .dependOnClassesThat(kvm)
        .check(vivarium);
  }

  /** Tests run on the class path, where nothing holds what a module keeps to itself. */
  @Test
  void appUsesOnlyWhatTheModulesBelowExport() {
    Set<String> exported =
        List.of(KvmException.class, Progress.class, BusDevice.class, VmmException.class).stream()
            .map(type -> type.getProtectionDomain().getCodeSource().getLocation())
            .flatMap(
                place -> ModuleFinder.of(Path.of(URI.create(place.toString()))).findAll().stream())
            .flatMap(module -> module.descriptor().exports().stream())
            .filter(exports -> !exports.isQualified())
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toSet());
    DescribedPredicate<JavaClass> hidden =
        DescribedPredicate.describe(
            "are in a package that their module does not export",
            type ->
                type.getPackageName().matches("org\\.vivarium\\.(kvm|images|devices|vmm)(\\..*)?")
                    && !exported.contains(type.getPackageName()));

    noClasses()
        .that()
        .resideInAPackage("org.vivarium.app..")
        .should()
        .dependOnClassesThat(hidden)
        .check(vivarium);
  }

  @Test
  void foreignMemoryStaysInTheBindingsSlicesOfGuestMemoryAside() {
    DescribedPredicate<JavaClass> foreign =
        DescribedPredicate.describe(
            "reach native code or memory other than a slice",
            type ->
                type.getPackageName().equals("java.lang.foreign")
                    && !type.getSimpleName().equals("MemorySegment"));

    noClasses()
        .that()
        .resideOutsideOfPackage("org.vivarium.kvm..")
        .should()
        .dependOnClassesThat(foreign)
        .check(vivarium);
  }
}
