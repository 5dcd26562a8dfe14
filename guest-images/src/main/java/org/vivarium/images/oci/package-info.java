/**
 * Container images (OCI image format 1.1) and what is made of them: a folder for a container
 * runtime, and an archive that a guest's kernel unpacks.
 *
 * <p>Membership: reading and writing of images, the file tree that their layers add up to, and the
 * store that keeps both forms. Images are untrusted: layers are merged in memory, where no name can
 * lead out of the tree, and only the merged tree is written, into a new folder. An object belongs
 * to one thread; records may be shared.
 */
package org.vivarium.images.oci;
