package dev.podsnapshot.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.SelectableField;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The CRDs from the Java model, completed by what the generator can't express, exactly as section
 * 2A of the reference has them.
 */
final class CrdGenerator {
  private static final KubernetesSerialization YAML = new KubernetesSerialization();

  private static final Map<Class<? extends CustomResource<?, ?>>, List<Column>> KINDS =
      Map.of(
          PodSnapshotStorageConfig.class,
          List.of(),
          PodSnapshotPolicy.class,
          List.of(
              new Column("StorageConfig", "string", ".spec.storageConfigName"),
              new Column("Selector", "string", ".spec.selector"),
              Column.AGE),
          PodSnapshotManualTrigger.class,
          List.of(
              new Column("Target Pod", "string", ".spec.targetPod"),
              new Column("Status", "string", ".status.conditions[?(@.type==\"Triggered\")].reason"),
              Column.AGE),
          PodSnapshot.class,
          List.of(
              new Column("Status", "string", ".status.conditions[?(@.type==\"Ready\")].reason"),
              new Column("Policy", "string", ".spec.policyName"),
              new Column("Labels", "string", ".metadata.labels"),
              Column.AGE));

  private record Column(String name, String type, String path) {
    static final Column AGE = new Column("Age", "date", ".metadata.creationTimestamp");

    CustomResourceColumnDefinition definition() {
      return new CustomResourceColumnDefinitionBuilder()
          .withName(name)
          .withType(type)
          .withJsonPath(path)
          .build();
    }
  }

  private CrdGenerator() {}

  /** File name to contents. */
  static Map<String, String> generate() throws IOException {
    var result = new TreeMap<String, String>();
    for (var kind : KINDS.entrySet()) {
      var raw = new ByteArrayOutputStream();
      new CRDGenerator()
          .customResourceClasses(kind.getKey())
          .withOutput(
              new CRDGenerator.AbstractCRDOutput<OutputStream>() {
                @Override
                protected OutputStream createStreamFor(String name) {
                  return raw;
                }
              })
          .detailedGenerate();
      var text = raw.toString(StandardCharsets.UTF_8);
      var crd = YAML.unmarshal(text, CustomResourceDefinition.class);
      complete(crd, kind.getValue());
      result.put(crd.getMetadata().getName() + ".yaml", header() + YAML.asYaml(crd));
    }
    return result;
  }

  private static String header() {
    return "# Generated from common/src/main/java/dev/podsnapshot/api: mvn -pl common test -Dcrds.write\n";
  }

  private static void complete(CustomResourceDefinition crd, List<Column> columns) {
    var version = crd.getSpec().getVersions().getFirst();
    version.setAdditionalPrinterColumns(columns.stream().map(Column::definition).toList());
    var root = version.getSchema().getOpenAPIV3Schema();
    root.setRequired(List.of("spec"));
    var status = root.getProperties().get("status");
    var conditions = status.getProperties().get("conditions");
    conditions.setXKubernetesListType("map");
    conditions.setXKubernetesListMapKeys(List.of("type"));
    condition(conditions.getItems().getSchema());
    var kind = crd.getSpec().getNames().getKind();
    if (kind.equals("PodSnapshot")) {
      version.setSelectableFields(List.of(new SelectableField(".spec.policyName")));
      status.getProperties().get("lastAccessTime").setFormat("date-time");
    }
    if (kind.equals("PodSnapshotPolicy")) {
      var spec = root.getProperties().get("spec");
      spec.getProperties().get("selector").setXKubernetesMapType("atomic");
      var grouping =
          spec.getProperties()
              .get("snapshotGroupingRules")
              .getProperties()
              .get("groupByLabelValue");
      grouping.getProperties().get("labels").setMinItems(1L);
    }
    if (kind.equals("PodSnapshotManualTrigger")) {
      status.getProperties().get("snapshotCreated").setXKubernetesMapType("atomic");
    }
    // The preview's version has the same schema, so that its manifests apply as they are.
    crd.getSpec()
        .setVersions(
            List.of(
                version,
                new CustomResourceDefinitionVersionBuilder(version)
                    .withName(PodSnapshotApi.PREVIEW_VERSION)
                    .withStorage(false)
                    .build()));
  }

  /** As metav1.Condition. */
  private static void condition(JSONSchemaProps schema) {
    schema.setRequired(List.of("lastTransitionTime", "message", "reason", "status", "type"));
    var fields = schema.getProperties();
    fields.get("lastTransitionTime").setFormat("date-time");
    fields.get("message").setMaxLength(32768L);
    fields.get("observedGeneration").setMinimum(0.0);
    fields.get("reason").setMaxLength(1024L);
    fields.get("reason").setMinLength(1L);
    fields.get("reason").setPattern("^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$");
    fields
        .get("status")
        .setEnum(
            List.of("True", "False", "Unknown").stream().<JsonNode>map(TextNode::new).toList());
    fields.get("type").setMaxLength(316L);
  }
}
