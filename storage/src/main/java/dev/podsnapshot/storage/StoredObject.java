package dev.podsnapshot.storage;

/**
 * What a store knows of an object.
 *
 * @param crc32c of its bytes, as the store computed it
 * @param generation another number with each write of the name; never 0
 */
public record StoredObject(String name, long bytes, int crc32c, long generation) {}
