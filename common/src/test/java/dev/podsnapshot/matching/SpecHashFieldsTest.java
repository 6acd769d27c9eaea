package dev.podsnapshot.matching;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every field that a Pod's specification, a container and a mount have: whether a snapshot can be
 * restored when it differs. A field that Kubernetes adds must be decided upon here.
 */
class SpecHashFieldsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BASE =
      """
      {"volumes": [{"name": "v", "emptyDir": {}}],
       "containers": [{"name": "main", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]}
      """;

  private static String hash(String place, String field, String value)
      throws JsonProcessingException {
    var spec = (ObjectNode) JSON.readTree(BASE);
    var target =
        switch (place) {
          case "pod" -> spec;
          case "container" -> (ObjectNode) spec.at("/containers/0");
          default -> (ObjectNode) spec.at("/containers/0/volumeMounts/0");
        };
    if (field != null) {
      target.set(field, JSON.readTree(value.replace('\'', '"')));
    }
    return SpecHash.of(JSON.treeToValue(spec, PodSpec.class));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          pod | activeDeadlineSeconds         | 5                                          | same
          pod | affinity                      | {'nodeAffinity': {}}                       | same
          pod | automountServiceAccountToken  | false                                      | same
          pod | containers                    | [{'name': 'other', 'image': 'i'}]          | other
          pod | dnsConfig                     | {'nameservers': ['10.0.0.1']}              | same
          pod | dnsPolicy                     | 'Default'                                  | same
          pod | enableServiceLinks            | false                                      | same
          pod | ephemeralContainers           | [{'name': 'debug', 'image': 'i'}]          | same
          pod | hostAliases                   | [{'ip': '10.0.0.1', 'hostnames': ['a']}]   | same
          pod | hostIPC                       | true                                       | other
          pod | hostNetwork                   | true                                       | other
          pod | hostPID                       | true                                       | other
          pod | hostUsers                     | false                                      | same
          pod | hostname                      | 'h'                                        | same
          pod | hostnameOverride              | 'h'                                        | same
          pod | imagePullSecrets              | [{'name': 's'}]                            | same
          pod | initContainers                | [{'name': 'init', 'image': 'i'}]           | other
          pod | nodeName                      | 'n'                                        | same
          pod | nodeSelector                  | {'a': 'b'}                                 | same
          pod | os                            | {'name': 'linux'}                          | same
          pod | overhead                      | {'cpu': '1'}                               | same
          pod | preemptionPolicy              | 'Never'                                    | same
          pod | priority                      | 5                                          | same
          pod | priorityClassName             | 'high'                                     | same
          pod | readinessGates                | [{'conditionType': 'c'}]                   | same
          pod | resourceClaims                | [{'name': 'c'}]                            | same
          pod | resources                     | {'limits': {'cpu': '1'}}                   | same
          pod | restartPolicy                 | 'Never'                                    | same
          pod | runtimeClassName              | 'gvisor'                                   | other
          pod | schedulerName                 | 's'                                        | same
          pod | schedulingGates               | [{'name': 'g'}]                            | same
          pod | securityContext               | {'runAsUser': 5}                           | other
          pod | serviceAccount                | 's'                                        | same
          pod | serviceAccountName            | 's'                                        | same
          pod | setHostnameAsFQDN             | true                                       | same
          pod | shareProcessNamespace         | true                                       | other
          pod | subdomain                     | 's'                                        | same
          pod | terminationGracePeriodSeconds | 5                                          | same
          pod | tolerations                   | [{'operator': 'Exists'}]                   | same
          pod | topologySpreadConstraints     | [{'topologyKey': 'k'}]                     | same
          pod | volumes                       | [{'name': 'v', 'configMap': {'name': 'c'}}] | other
          container | args                     | ['-v']                                    | other
          container | command                  | ['go']                                    | other
          container | env                      | [{'name': 'A', 'value': 'b'}]             | same
          container | envFrom                  | [{'prefix': 'P'}]                         | same
          container | image                    | 'j'                                       | other
          container | imagePullPolicy          | 'Always'                                  | same
          container | lifecycle                | {'preStop': {'sleep': {'seconds': 1}}}    | other
          container | livenessProbe            | {'periodSeconds': 1}                      | same
          container | name                     | 'other'                                   | other
          container | ports                    | [{'containerPort': 80}]                   | other
          container | readinessProbe           | {'periodSeconds': 1}                      | same
          container | resizePolicy             | [{'resourceName': 'cpu', 'restartPolicy': 'NotRequired'}] | same
          container | resources                | {'limits': {'cpu': '1'}}                  | same
          container | restartPolicy            | 'Always'                                  | other
          container | restartPolicyRules       | [{'action': 'Restart'}]                   | same
          container | securityContext          | {'readOnlyRootFilesystem': true}          | other
          container | startupProbe             | {'periodSeconds': 1}                      | same
          container | stdin                    | true                                      | other
          container | stdinOnce                | true                                      | other
          container | terminationMessagePath   | '/m'                                      | other
          container | terminationMessagePolicy | 'File'                                    | other
          container | tty                      | true                                      | other
          container | volumeDevices            | [{'name': 'v', 'devicePath': '/d'}]       | other
          container | volumeMounts             | []                                        | other
          container | workingDir               | '/w'                                      | other
          mount | mountPath         | '/w'                | other
          mount | mountPropagation  | 'HostToContainer'   | other
          mount | name              | 'w'                 | other
          mount | readOnly          | true                | other
          mount | recursiveReadOnly | 'Enabled'           | other
          mount | subPath           | 's'                 | other
          mount | subPathExpr       | '$(A)'              | other
          """)
  void eachFieldCountsOrDoesNot(String place, String field, String value, String expected)
      throws JsonProcessingException {
    var same = hash(place, null, null).equals(hash(place, field, value));
    assertEquals(expected, same ? "same" : "other");
  }

  @Test
  void noFieldIsForgotten() throws NoSuchMethodException {
    var table =
        SpecHashFieldsTest.class
            .getDeclaredMethod(
                "eachFieldCountsOrDoesNot", String.class, String.class, String.class, String.class)
            .getAnnotation(CsvSource.class)
            .textBlock();
    var decided =
        table
            .lines()
            .map(line -> line.split("\\|"))
            .map(cells -> cells[0].strip() + " " + cells[1].strip())
            .collect(Collectors.toCollection(TreeSet::new));
    var known =
        Stream.of(
                fields("pod", PodSpec.class),
                fields("container", Container.class),
                fields("mount", VolumeMount.class))
            .flatMap(Set::stream)
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(known, decided);
  }

  private static Set<String> fields(String place, Class<?> type) {
    return JSON
        .getSerializationConfig()
        .introspect(JSON.constructType(type))
        .findProperties()
        .stream()
        .map(p -> p.getName())
        .filter(name -> !name.equals("additionalProperties"))
        .map(name -> place + " " + name)
        .collect(Collectors.toSet());
  }
}
