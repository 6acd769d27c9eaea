package dev.podsnapshot.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.podsnapshot.storage.ObjectStore;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deletion never leaves the folder of its snapshot. */
class HostilePathsTest {
  private static final String PATH = "gs://bucket/folder/snapshot/";

  private final List<String> deleted = new ArrayList<>();
  private List<String> listed = List.of();

  /** A store that lists whatever it likes. */
  private final ObjectStore store =
      (ObjectStore)
          Proxy.newProxyInstance(
              ObjectStore.class.getClassLoader(),
              new Class<?>[] {ObjectStore.class},
              (proxy, method, arguments) -> {
                switch (method.getName()) {
                  case "list":
                    return listed.stream().filter(name -> !deleted.contains(name)).toList();
                  case "delete":
                    deleted.add((String) arguments[1]);
                    return null;
                  default:
                    throw new UnsupportedOperationException(method.getName());
                }
              });

  @Test
  void aSnapshotsObjectsGo() {
    listed = List.of("folder/snapshot/pages.img", "folder/snapshot/x/../y", "folder/snapshot/..");
    assertInstanceOf(SnapshotFiles.Gone.class, new SnapshotFiles(store).delete(PATH));
    assertEquals(listed, deleted, "names in a bucket are no paths: they go as they are");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "folder/other/pages.img",
        "folder/snapshot-2/pages.img",
        "/folder/snapshot/pages.img",
        "../folder/snapshot/pages.img",
        ""
      })
  void anObjectOfAnotherFolderStays(String name) {
    listed = List.of(name);
    assertInstanceOf(SnapshotFiles.Left.class, new SnapshotFiles(store).delete(PATH));
    assertEquals(List.of(), deleted);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "gs://",
        "gs:///",
        "gs://bucket",
        "gs://bucket/",
        "gs://bucket/snapshot",
        "gs://bucket/../",
        "gs://bucket/./",
        "gs://bucket/a/../../b/",
        "gs://../a/",
        "gs://bu cket/a/",
        "s3://bucket/a/",
        "/bucket/a/"
      })
  void whatIsNoFolderOfABucketIsNotDeletedFrom(String path) {
    assertThrows(IllegalArgumentException.class, () -> GcsPath.parse(path));
    assertInstanceOf(SnapshotFiles.Left.class, new SnapshotFiles(store).delete(path));
  }

  @Test
  void foldersAreRead() {
    var location = GcsPath.parse("gs://my.bucket_1/a//b/0d6f/");
    assertEquals("my.bucket_1", location.getBucket());
    assertEquals("a//b/0d6f/", location.getPrefix());
  }
}
