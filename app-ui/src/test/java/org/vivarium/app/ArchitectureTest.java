package org.vivarium.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

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
