package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import io.fabric8.kubernetes.api.model.APIResource;
import io.fabric8.kubernetes.api.model.node.v1.RuntimeClass;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "check",
    description = {
      "Checks whether the cluster can take and restore snapshots: the API, the controller, the agent on every gVisor node, storage and policies of all namespaces.",
      "Each line is OK, WARN or FAIL, with what to do. The exit code is 1 if one is FAIL."
    })
final class CheckCommand extends ClusterCommand {
  @Option(
      names = "--system-namespace",
      paramLabel = "NAMESPACE",
      defaultValue = "podsnapshot-system",
      description = "Where the controller and the agent run. Default: ${DEFAULT-VALUE}.")
  private String system;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "One of ${COMPLETION-CANDIDATES}.")
  private Structured output;

  @Override
  int run(Cluster cluster, Console console) {
    var findings = Preflight.of(facts(cluster));
    if (output != null) {
      console.result(output.text(cluster, findings.stream().map(Finding::tree).toList()));
    } else {
      var width = findings.stream().mapToInt(f -> f.subject().length()).max().orElse(1);
      findings.forEach(f -> console.result(f.text(width)));
    }
    return findings.stream().anyMatch(f -> f.level() == Finding.Level.FAIL) ? FAILED : OK;
  }

  private ClusterFacts facts(Cluster cluster) {
    var client = cluster.client();
    var admission = client.admissionRegistration().v1();
    return new ClusterFacts(
        system,
        cluster.look(() -> kinds(cluster, PodSnapshotApi.VERSION)),
        cluster.look(() -> kinds(cluster, PodSnapshotApi.PREVIEW_VERSION)),
        cluster.look(
            () ->
                client
                    .apps()
                    .deployments()
                    .inNamespace(system)
                    .withName(Preflight.CONTROLLER)
                    .get()),
        cluster.look(
            () -> client.apps().daemonSets().inNamespace(system).withName(Preflight.AGENT).get()),
        cluster.look(
            () ->
                client
                    .pods()
                    .inNamespace(system)
                    .withLabel("app", Preflight.AGENT)
                    .list()
                    .getItems()),
        cluster.look(
            () -> client.resources(RuntimeClass.class).withName(Explanation.RUNTIME_CLASS).get()),
        cluster.look(cluster::nodes),
        cluster.look(
            () ->
                admission.validatingAdmissionPolicies().withName(Preflight.ADMISSION_POLICY).get()),
        cluster.look(
            () ->
                admission
                    .validatingAdmissionPolicyBindings()
                    .withName(Preflight.ADMISSION_BINDING)
                    .get()),
        cluster.look(() -> client.resources(PodSnapshotStorageConfig.class).list().getItems()),
        cluster.look(
            () -> client.resources(PodSnapshotPolicy.class).inAnyNamespace().list().getItems()));
  }

  /** Null if the version is not served. */
  private static Set<String> kinds(Cluster cluster, String version) {
    var resources = cluster.client().getApiResources(PodSnapshotApi.GROUP + "/" + version);
    return resources == null
        ? null
        : resources.getResources().stream().map(APIResource::getKind).collect(Collectors.toSet());
  }
}
