package dev.podsnapshot.storage;

class MemoryObjectStoreTest extends ObjectStoreConformance {
  private final MemoryObjectStore store = new MemoryObjectStore().bucket(BUCKET);

  @Override
  ObjectStore store() {
    return store;
  }

  /** It is the body's own memory. */
  @Override
  boolean verifies() {
    return false;
  }
}
