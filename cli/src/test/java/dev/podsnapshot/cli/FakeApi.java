package dev.podsnapshot.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** An API server that answers what a test tells it to, and commands that run against it. */
final class FakeApi implements AutoCloseable {
  private static final KubernetesSerialization JSON = new KubernetesSerialization();

  private record Answer(int code, String body) {}

  /** What a command did. */
  record Run(int exit, String out, String err) {}

  private final HttpServer server;
  private final Path kubeconfig;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();

  FakeApi(Path folder) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    kubeconfig = folder.resolve("kubeconfig");
    Files.writeString(
        kubeconfig,
        """
        apiVersion: v1
        kind: Config
        current-context: here
        contexts:
        - {name: here, context: {cluster: here, user: me, namespace: demo}}
        - {name: there, context: {cluster: here, user: me}}
        clusters: [{name: here, cluster: {server: "http://127.0.0.1:%d"}}]
        users: [{name: me, user: {token: secret}}]
        """
            .formatted(server.getAddress().getPort()));
  }

  /** Answers {@code METHOD path} with this object; {@code *} is any last part of the path. */
  FakeApi on(String request, Object object) {
    answers.put(request, new Answer(200, JSON.asJson(object)));
    return this;
  }

  FakeApi onList(String path, String kind, List<?> items) {
    return on(
        "GET " + path,
        Map.of("apiVersion", "v1", "kind", kind + "List", "metadata", Map.of(), "items", items));
  }

  FakeApi fail(String request, int code, String message) {
    answers.put(
        request,
        new Answer(
            code,
            JSON.asJson(
                Map.of(
                    "apiVersion", "v1",
                    "kind", "Status",
                    "status", "Failure",
                    "message", message,
                    "code", code))));
    return this;
  }

  /** Nothing can come from there any more. */
  void stop() {
    server.stop(0);
  }

  List<String> requests() {
    return List.copyOf(requests);
  }

  Run run(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    var all = new ArrayList<>(List.of(arguments));
    all.add("--kubeconfig=" + kubeconfig);
    var exit =
        Main.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(all.toArray(String[]::new));
    return new Run(exit, out.toString(), err.toString());
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    var request = exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
    requests.add(request);
    var answer =
        answers.getOrDefault(
            answers.containsKey(request) ? request : request.replaceAll("/[^/]+$", "/*"),
            new Answer(
                404,
                "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"not found\",\"code\":404}"));
    var body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(answer.code(), body.length);
    try (var stream = exchange.getResponseBody()) {
      stream.write(body);
    }
  }
}
