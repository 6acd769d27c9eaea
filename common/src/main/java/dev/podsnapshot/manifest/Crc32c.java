package dev.podsnapshot.manifest;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC32C as object stores and the manifest use it: of bytes, and of byte strings joined. */
public final class Crc32c {
  /** The Castagnoli polynomial, bit-reversed. */
  private static final int POLYNOMIAL = 0x82F63B78;

  private Crc32c() {}

  /** Of the buffer's remaining bytes; its position stays. */
  public static int of(ByteBuffer bytes) {
    var crc = new CRC32C();
    crc.update(bytes.duplicate());
    return (int) crc.getValue();
  }

  /**
   * Of a byte string and another after it, without the bytes.
   *
   * @param second checksum of the string that follows
   * @param secondBytes its length
   */
  public static int combine(int first, int second, long secondBytes) {
    // A zero bit after a string is a linear map of its checksum over GF(2); zlib's method squares
    // the map of one bit until its powers add up to the length.
    var operator = new int[32];
    operator[0] = POLYNOMIAL;
    for (var bit = 1; bit < 32; bit++) {
      operator[bit] = 1 << (bit - 1);
    }
    operator = square(square(operator)); // four zero bits; each round below doubles them
    var crc = first;
    for (var bytes = secondBytes; bytes != 0; bytes >>>= 1) {
      operator = square(operator);
      if ((bytes & 1) != 0) {
        crc = times(operator, crc);
      }
    }
    return crc ^ second;
  }

  private static int times(int[] matrix, int vector) {
    var sum = 0;
    for (var row = 0; vector != 0; row++, vector >>>= 1) {
      if ((vector & 1) != 0) {
        sum ^= matrix[row];
      }
    }
    return sum;
  }

  private static int[] square(int[] matrix) {
    var result = new int[32];
    for (var row = 0; row < 32; row++) {
      result[row] = times(matrix, matrix[row]);
    }
    return result;
  }
}
