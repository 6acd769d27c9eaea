package dev.podsnapshot.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Columns as kubectl prints them: three spaces apart, nothing after the last. */
record Table(List<String> header, List<List<String>> rows) {
  static final String UNKNOWN = "<unknown>";
  static final String NONE = "<none>";

  /** A line break in a cell would break the table for whoever reads it by lines. */
  Table {
    rows =
        rows.stream()
            .map(row -> row.stream().map(cell -> cell.replaceAll("\\s*\\R\\s*", " ")).toList())
            .toList();
  }

  /** Lines without a line break at the end of the last. */
  String text() {
    var all = new ArrayList<List<String>>();
    all.add(header);
    all.addAll(rows);
    var widths =
        IntStream.range(0, header.size())
            .map(column -> all.stream().mapToInt(row -> row.get(column).length()).max().orElse(0))
            .toArray();
    return all.stream().map(row -> line(row, widths)).collect(Collectors.joining("\n"));
  }

  private static String line(List<String> row, int[] widths) {
    var line = new StringBuilder();
    for (int i = 0; i < row.size(); i++) {
      line.append(row.get(i));
      if (i < row.size() - 1) {
        line.append(" ".repeat(widths[i] - row.get(i).length() + 3));
      }
    }
    return line.toString();
  }
}
